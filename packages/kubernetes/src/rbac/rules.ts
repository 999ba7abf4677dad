import { type Json, stableStringify } from '@claw-run/core';
import * as z from 'zod';
import { listAt, textsAt } from '../lib/json-at.ts';

const words = z.array(z.string()).min(1);

/** A rule as a person writes it. */
export const rule = z.strictObject({
  groups: z.array(z.string()).default(['']).describe('API groups; "" is the core group, "*" all'),
  resources: words.optional().describe('Resources, in the plural: jobs, pods/log; "*" for all'),
  verbs: words.describe('get, list, watch, create, update, patch, delete, …; "*" for all'),
  names: words.optional().describe('Only objects of these names'),
  urls: words.optional().describe('Paths that are no resources, such as /healthz; instead of resources'),
});

export type Rule = z.output<typeof rule>;

/** A rule as the API stores it. */
export function policyRule(from: Rule): { readonly [key: string]: Json } {
  if (from.urls !== undefined) return { nonResourceURLs: from.urls, verbs: from.verbs };
  return {
    apiGroups: from.groups,
    resources: from.resources ?? [],
    ...(from.names === undefined ? {} : { resourceNames: from.names }),
    verbs: from.verbs,
  };
}

/** The rules that must be added so that `stored` allows all that `wanted` does; none when it does already. */
export function missingRules(stored: readonly Json[], wanted: readonly Rule[]): readonly Json[] {
  return wanted.flatMap((one) => {
    const grants = grantsOf(policyRule(one));
    const lacking = grants.filter((grant) => !stored.some((other) => allows(other, grant)));
    return lacking.length === grants.length ? [policyRule(one)] : joined(lacking);
  });
}

/** Whether two lists of rules allow the same. */
export function sameRules(a: readonly Json[], b: readonly Json[]): boolean {
  return covers(a, b) && covers(b, a);
}

/** `update openclaw.io/tasks`: what a list of rules lacks, in words. */
export function lackingGrants(stored: readonly Json[], wanted: readonly Rule[]): readonly string[] {
  return missingRules(stored, wanted).flatMap(grantsOf).map(told);
}

/** One thing that may be done. */
export interface Grant {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly name?: string;
  readonly url?: string;
}

function covers(stored: readonly Json[], wanted: readonly Json[]): boolean {
  return wanted.flatMap(grantsOf).every((grant) => stored.some((one) => allows(one, grant)));
}

function grantsOf(from: Json): readonly Grant[] {
  const [verbs, names] = [textsAt(from, 'verbs'), textsAt(from, 'resourceNames')];
  const things = [
    ...textsAt(from, 'nonResourceURLs').map((url) => ({ group: '', resource: '', url })),
    ...textsAt(from, 'apiGroups').flatMap((group) =>
      textsAt(from, 'resources').flatMap((resource): Omit<Grant, 'verb'>[] =>
        names.length === 0 ? [{ group, resource }] : names.map((name) => ({ group, resource, name })),
      ),
    ),
  ];
  return things.flatMap((thing) => verbs.map((verb) => ({ ...thing, verb })));
}

/** The rule of the RBAC authorizer: each part matches by itself or by "*", names also by their absence. */
export function allows(from: Json, grant: Grant): boolean {
  const has = (key: string, value: string) => [value, '*'].some((it) => textsAt(from, key).includes(it));
  if (!has('verbs', grant.verb)) return false;
  if (grant.url !== undefined) {
    return textsAt(from, 'nonResourceURLs').some(
      (url) => url === grant.url || matchesPrefix(url, grant.url ?? ''),
    );
  }
  const names = listAt(from, 'resourceNames');
  const named = names.length === 0 || (grant.name !== undefined && names.includes(grant.name));
  const [, sub] = grant.resource.split('/');
  const resource = has('resources', grant.resource) || (sub !== undefined && has('resources', `*/${sub}`));
  return has('apiGroups', grant.group) && resource && named;
}

function matchesPrefix(url: string, wanted: string): boolean {
  return url.endsWith('*') && wanted.startsWith(url.slice(0, -1));
}

/** Grants that differ only in their verb make one rule. */
function joined(grants: readonly Grant[]): readonly Json[] {
  const byThing = Map.groupBy(grants, ({ verb: _verb, ...thing }) => stableStringify(thing));
  return [...byThing.values()].map(([first, ...rest]) => {
    const verbs = [first, ...rest].flatMap((grant) => (grant === undefined ? [] : [grant.verb]));
    if (first?.url !== undefined) return { nonResourceURLs: [first.url], verbs };
    return {
      apiGroups: [first?.group ?? ''],
      resources: [first?.resource ?? ''],
      ...(first?.name === undefined ? {} : { resourceNames: [first.name] }),
      verbs,
    };
  });
}

function told({ verb, group, resource, name, url }: Grant): string {
  if (url !== undefined) return `${verb} ${url}`;
  return `${verb} ${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` ${name}`}`;
}
