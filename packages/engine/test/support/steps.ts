import {
  type ClusterAction,
  type ClusterObject,
  defineCheck,
  defineEvent,
  defineLookup,
  defineState,
  type Fact,
  fail,
  isObject,
  listFact,
  objectFact,
  pass,
  refused,
  Secret,
  unknown,
} from '@claw-run/core';
import * as z from 'zod';

/** The namespace of everything in these tests. */
export const home = 'default';

const place = { name: z.string(), key: z.string().default('text') };
const examples: readonly [] = [];

export function configMapRef(name: string) {
  return { apiVersion: 'v1', kind: 'ConfigMap', name, namespace: home };
}

export function configMap(name: string, data: Record<string, string>): ClusterObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: home }, data };
}

/** One entry of a ConfigMap; `null` where there is none. */
function entry(name: string, key: string): Fact<'cluster', string | null> {
  return objectFact({
    key: `ConfigMap ${name} ${key}`,
    ref: configMapRef(name),
    parse: (object) => textIn(object, key),
  });
}

function present(name: string): Fact<'cluster', boolean> {
  return objectFact({
    key: `ConfigMap ${name} is there`,
    ref: configMapRef(name),
    parse: (object) => object !== null,
  });
}

function textIn(object: ClusterObject | null, key: string): string | null {
  const value = isObject(object?.data) ? object.data[key] : undefined;
  return typeof value === 'string' ? value : null;
}

interface Entry {
  readonly value: string | null;
  readonly there: boolean;
}

/** Leads an entry from any state to any other; the ConfigMap is made and taken away with it where it was not there. */
function entryActions(name: string, key: string, from: Entry, to: Entry): readonly ClusterAction[] {
  const path = `/data/${key}`;
  if (!from.there)
    return to.value === null ? [] : [{ do: 'create', object: configMap(name, { [key]: to.value }) }];
  if (!to.there) return [{ do: 'delete', ref: configMapRef(name) }];
  if (from.value === to.value) return [];
  if (from.value === null) {
    return [{ do: 'patch', ref: configMapRef(name), patch: [{ op: 'add', path, value: to.value }] }];
  }
  const test = { op: 'test', path, value: from.value } as const;
  const change =
    to.value === null
      ? ({ op: 'remove', path } as const)
      : ({ op: 'replace', path, value: to.value } as const);
  return [{ do: 'patch', ref: configMapRef(name), patch: [test, change] }];
}

/** A value in a ConfigMap. */
export const setting = defineState({
  id: 'test.setting',
  on: 'cluster',
  summary: 'A ConfigMap has a value',
  risk: 'routine',
  settlesWithinSeconds: 1,
  input: z.strictObject({ ...place, value: z.string() }),
  examples,
  facts: (input) => ({ value: entry(input.name, input.key), there: present(input.name) }),
  desire: (input) => ({ value: input.value, there: true }),
  actions: (from, to, input) => entryActions(input.name, input.key, from, to),
  output: (input, seen) => ({ value: seen.value, name: input.name }),
});

/** A value as it is elsewhere. */
export const copy = defineState({
  id: 'test.copy',
  on: 'cluster',
  summary: 'A ConfigMap has the value of another',
  risk: 'routine',
  input: z.strictObject({ from: z.strictObject(place), to: z.strictObject(place) }),
  examples,
  facts: (input) => ({
    source: entry(input.from.name, input.from.key),
    value: entry(input.to.name, input.to.key),
    there: present(input.to.name),
  }),
  desire: (input, seen) =>
    seen.source === null
      ? refused(`ConfigMap ${input.from.name} has no ${input.from.key}`, 'make it first')
      : { value: seen.source, there: true },
  actions: (from, to, input) => entryActions(input.to.name, input.to.key, from, to),
});

/** A Secret with a value. */
export const password = defineState({
  id: 'test.password',
  on: 'cluster',
  summary: 'A Secret has a value',
  risk: 'routine',
  input: z.strictObject({ name: z.string(), value: z.instanceof(Secret) }),
  examples,
  facts: (input) => ({
    data: objectFact({
      ref: { ...configMapRef(input.name), kind: 'Secret' },
      parse: (object) =>
        isObject(object?.data) && typeof object.data.value === 'string'
          ? new Secret(object.data.value)
          : null,
    }),
  }),
  desire: (input) => ({ data: new Secret(Buffer.from(input.value.reveal()).toString('base64')) }),
  actions: (from, to, input) => {
    const ref = { ...configMapRef(input.name), kind: 'Secret' };
    if (to.data === null) return [{ do: 'delete', ref }];
    if (from.data === null) {
      const metadata = { name: input.name, namespace: home };
      return [
        {
          do: 'create',
          object: { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: { value: to.data } },
        },
      ];
    }
    return [{ do: 'patch', ref, patch: [{ op: 'replace', path: '/data/value', value: to.data }] }];
  },
});

/** A step that predicts what never comes about. */
export const wishful = defineState({
  ...setting,
  id: 'test.wishful',
  facts: (input) => ({ value: entry(input.name, input.key), there: present(input.name) }),
  actions: (from, to, input) => entryActions(input.name, input.key, from, { ...to, value: 'something else' }),
});

/** An event that can be asked for again and again. */
export const note = defineEvent({
  id: 'test.note',
  on: 'cluster',
  summary: 'A note of the run is in a ConfigMap',
  risk: 'routine',
  input: z.strictObject(place),
  examples,
  facts: (input) => ({ value: entry(input.name, input.key), there: present(input.name) }),
  needed: (_input, seen, occasion) => (seen.value === occasion.run ? undefined : 'it is not noted'),
  actions: (input, seen, occasion) =>
    entryActions(input.name, input.key, seen, { value: occasion.run, there: true }),
  done: (_input, seen, occasion) =>
    seen.value === occasion.run
      ? { progress: 'done', because: 'it is noted' }
      : { progress: 'pending', because: 'it is not noted' },
  undo: (input, before, now) => entryActions(input.name, input.key, now, before),
});

/** What takes a value over when it is told to, as a daemon reads its configuration. */
export const reload = defineEvent({
  id: 'test.reload',
  on: 'cluster',
  summary: 'A ConfigMap has the value that another has at this moment',
  risk: 'disruptive',
  input: z.strictObject({ from: z.string(), to: z.string() }),
  examples,
  facts: ({ from, to }) => ({
    source: entry(from, 'text'),
    value: entry(to, 'text'),
    there: present(to),
  }),
  needed: (_input, _seen, { changed }) => (changed.length > 0 ? 'it may have changed' : undefined),
  actions: (input, seen) => entryActions(input.to, 'text', seen, { value: seen.source, there: true }),
  done: (_input, seen) =>
    seen.value === seen.source
      ? { progress: 'done', because: 'both are the same' }
      : { progress: 'pending', because: 'they differ' },
  undo: { again: 'what was read before is read again' },
});

/** The same, needed where what was read is no longer what is there: as a service is restarted whose files are newer. */
export const reloadIfStale = defineEvent({
  ...reload,
  id: 'test.reload-if-stale',
  needed: (_input, seen) => (seen.value === seen.source ? undefined : 'what it read is old'),
});

/** What gives an output only once it has happened. */
export const ticket = defineEvent({
  ...note,
  id: 'test.ticket',
  output: (_input, seen) => ({ number: seen.value }),
});

export const has = defineCheck({
  id: 'test.has',
  on: 'cluster',
  summary: 'A ConfigMap has a value',
  input: z.strictObject({ ...place, value: z.string() }),
  examples,
  facts: (input) => ({ value: entry(input.name, input.key) }),
  expect: (input, seen) => {
    if (seen.value === null) return unknown(`there is no ConfigMap ${input.name}`);
    return seen.value === input.value
      ? pass(`it is ${input.value}`)
      : fail(`it is ${seen.value}`, { value: seen.value });
  },
});

export const value = defineLookup({
  id: 'test.value',
  on: 'cluster',
  summary: 'A value of a ConfigMap',
  input: z.strictObject(place),
  examples,
  output: z.string(),
  facts: (input) => ({ value: entry(input.name, input.key) }),
  value: (_input, seen) => seen.value ?? undefined,
});

/** The sum of what is there: a fact of another read, of all ConfigMaps of a label. */
export const labelled = defineState({
  ...setting,
  id: 'test.labelled',
  input: z.strictObject({ ...place, value: z.string().default('') }),
  facts: () => ({
    value: listFact({
      list: { apiVersion: 'v1', kind: 'ConfigMap', namespace: home, labels: 'counted=yes' },
      parse: (items) => String(items.length),
    }),
    there: present('count'),
  }),
  desire: (_input, seen) => ({ value: seen.value, there: true }),
  actions: (_from, to) =>
    to.there ? [{ do: 'create', object: configMap('count', { text: String(to.value) }) }] : [],
});
