import { Secret } from '@claw-run/core';
import type { Subject } from '@claw-run/testing';
import fc from 'fast-check';
import {
  caBundle,
  configMapEntry,
  configMapMatches,
  configMapValue,
  policyDrift,
  secretEntry,
} from '../../src/index.ts';
import { state } from './account-subjects.ts';
import { configMap, home, object, secret } from './given.ts';
import { certificate, privateKey } from './pem.ts';

const yaml = '# workers\nworker:\n  identity: auto # generated\n  replicas: 3\n';
const entry = { definition: configMapEntry, with: { name: 'settings', namespace: home, key: 'app.yaml' } };
const inside = { ...entry, with: { ...entry.with, path: 'worker.identity', value: 'fixed' } };
const texts = fc.constantFrom('', 'a', 'b\n', 'ü "quoted" \\ $x');
const keys = fc.dictionary(fc.constantFrom('app.yaml', 'other', 'dotted.key'), texts, { maxKeys: 3 });
/** Values that are no text, under keys that texts have as well. */
const bytes = fc.dictionary(
  fc.constantFrom('app.yaml', 'blob'),
  fc.uint8Array({ minLength: 1, maxLength: 5 }).map((some) => Buffer.from(some).toString('base64')),
  { maxKeys: 2 },
);
const configMapOf = (name: string, data: Record<string, string>, binaryData: Record<string, string>) =>
  configMap(name, Object.fromEntries(Object.entries(data).filter(([key]) => !(key in binaryData))), {
    binaryData,
  });
const password = { definition: secretEntry, with: { name: 'db', namespace: home, key: 'password' } };
const copy = {
  definition: caBundle,
  with: { from: { 'config-map': 'issued', namespace: home }, to: { secret: 'used', namespace: home } },
};

export const holderSubjects: readonly Subject[] = [
  {
    ...inside,
    title: 'a value inside YAML',
    given: [configMap('settings', { 'app.yaml': yaml, other: 'x' })],
  },
  {
    ...inside,
    title: 'a value inside YAML to take away',
    with: { ...entry.with, path: 'worker.identity', state: 'absent' },
    given: [configMap('settings', { 'app.yaml': yaml })],
  },
  { ...inside, title: 'no such ConfigMap', plans: 'refused' },
  {
    ...inside,
    title: 'an immutable ConfigMap',
    given: [configMap('settings', { 'app.yaml': yaml }, { immutable: true })],
    plans: 'refused',
  },
  {
    ...entry,
    title: 'a whole entry of no ConfigMap',
    with: { ...entry.with, value: 'hello', create: true },
    inputs: fc
      .record({ value: texts, create: fc.constant(true), state: state() })
      .map((it) => ({ ...entry.with, ...it })),
    givens: fc
      .option(fc.tuple(keys, bytes), { nil: undefined })
      .map((data) => (data === undefined ? [] : [configMapOf('settings', ...data)])),
  },
  {
    ...entry,
    title: 'a text in place of bytes',
    with: { ...entry.with, value: 'hello' },
    given: [configMapOf('settings', {}, { 'app.yaml': '//4A' })],
  },
  {
    ...password,
    title: 'bytes from elsewhere',
    with: { ...password.with, from: { secret: 'krb', namespace: home, key: 'keytab' } },
    given: [
      secret('db', { user: 'claw' }),
      object(['v1', 'Secret', 'krb'], { type: 'Opaque', data: { keytab: '//4AgP8=' } }),
    ],
  },
  {
    ...password,
    title: 'another value',
    with: { ...password.with, value: new Secret('correct horse') },
    given: [secret('db', { password: 'battery staple', user: 'claw' })],
    inputs: fc
      .record({ value: texts.map((text) => new Secret(text)), create: fc.constant(true), state: state() })
      .map((it) => ({ ...password.with, ...it })),
    givens: fc
      .option(fc.dictionary(fc.constantFrom('password', 'user'), texts, { maxKeys: 2 }), { nil: undefined })
      .map((data) => (data === undefined ? [] : [secret('db', data)])),
  },
  {
    ...password,
    title: 'a value from elsewhere, into a Secret that is made',
    with: {
      ...password.with,
      create: true,
      from: { 'config-map': 'settings', namespace: home, key: 'other' },
    },
    given: [configMap('settings', { other: 'taken' })],
  },
  {
    ...copy,
    title: 'a Secret with an old certificate',
    given: [configMap('issued', { 'ca.crt': certificate }), secret('used', { 'ca.crt': 'old', more: 'x' })],
  },
  {
    ...copy,
    title: 'certificates that are added in a Secret that is made',
    with: { ...copy.with, mode: 'add', create: true },
    given: [configMap('issued', { 'ca.crt': certificate })],
  },
  {
    ...copy,
    title: 'a private key for a ConfigMap',
    with: {
      from: { secret: 'issued', namespace: home },
      to: { 'config-map': 'used', namespace: home },
      create: true,
    },
    given: [secret('issued', { 'ca.crt': privateKey })],
    plans: 'refused',
  },
  {
    definition: configMapMatches,
    title: 'another value',
    with: { ...entry.with, path: 'worker.identity', equals: 'fixed' },
    given: [configMap('settings', { 'app.yaml': yaml })],
    finds: 'fail',
  },
  {
    definition: configMapValue,
    title: 'a value inside YAML',
    with: { ...entry.with, yaml: true, path: 'worker' },
    given: [configMap('settings', { 'app.yaml': yaml })],
  },
  { definition: configMapValue, title: 'no ConfigMap', with: { ...entry.with, yaml: true } },
  {
    definition: policyDrift,
    title: 'a policy that has drifted',
    with: {
      policy: { 'config-map': 'settings', namespace: home, key: 'app.yaml' },
      snapshot: 'worker: {}\n',
    },
    given: [configMap('settings', { 'app.yaml': yaml })],
    finds: 'fail',
  },
];
