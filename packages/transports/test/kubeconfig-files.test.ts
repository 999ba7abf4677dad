import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubeconfigOf } from '../src/cluster/kubeconfig-files.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-run-kubeconfig-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let count = 0;
async function file(content: unknown): Promise<string> {
  count += 1;
  const path = join(folder, String(count), 'config');
  await mkdir(dirname(path));
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const of = async (...files: readonly unknown[]) =>
  kubeconfigOf((await Promise.all(files.map(file))).join(delimiter));

describe('several kubeconfigs', () => {
  const cluster = (name: string, more: object) => ({ clusters: [{ name, cluster: more }] });

  it('are one: the first of a name counts, and the first current context', async () => {
    const one = { ...cluster('a', { server: 'https://one' }), 'current-context': 'x' };
    const two = {
      clusters: [
        { name: 'a', cluster: { server: 'https://two' } },
        { name: 'b', cluster: { server: 'https://b' } },
      ],
      'current-context': 'y',
    };
    expect(await of({}, one, two)).toMatchObject({
      'current-context': 'x',
      clusters: expect.toSatisfy(
        (all: readonly { name: string; cluster: { server: string } }[]) =>
          all.length === 2 &&
          all.every(
            ({ name, cluster: { server } }) => server === (name === 'a' ? 'https://one' : 'https://b'),
          ),
      ),
    });
  });

  it('that are not there, or empty, say nothing', async () => {
    const there = await file(cluster('a', { server: 'https://one' }));
    const list = ['/no/such', await file(''), await file('# nothing\n'), there, there].join(delimiter);
    expect(kubeconfigOf(list)).toMatchObject({ clusters: [{ name: 'a' }] });
  });

  it('have paths of their own', async () => {
    const path = await file({
      ...cluster('a', { server: 'https://a', 'certificate-authority': 'ca.crt' }),
      users: [
        {
          name: 'u',
          user: { tokenFile: 'tok', token: 'old', 'client-key': '/abs/key', exec: { command: './plug' } },
        },
        { name: 'v', user: { exec: { command: 'plug' } } },
      ],
    });
    const here = join(path, '..');
    expect(kubeconfigOf(`/no/such${delimiter}${path}`)).toMatchObject({
      clusters: [{ cluster: { 'certificate-authority': join(here, 'ca.crt') } }],
      users: expect.arrayContaining([
        {
          name: 'u',
          user: {
            'auth-provider': { name: 'tokenFile', config: { tokenFile: join(here, 'tok') } },
            'client-key': '/abs/key',
            exec: { command: join(here, 'plug') },
          },
        },
        { name: 'v', user: { exec: { command: 'plug' } } },
      ]),
    });
  });

  it.each([
    [{ server: 'h:1', 'certificate-authority-data': 'eA==' }, 'https://h:1'],
    [{ server: 'h:1', 'insecure-skip-tls-verify': true }, 'https://h:1'],
    [{ server: 'h:1' }, 'http://h:1'],
    [{ server: 'https://h' }, 'https://h'],
  ])('%j is at %s', async (given, server) => {
    expect(await of(cluster('a', given))).toMatchObject({ clusters: [{ cluster: { server } }] });
  });

  it.each<[unknown, RegExp]>([
    ['a: [', /config: /],
    ['text', /is not a map/],
    [{ clusters: {} }, /clusters is not a list/],
    [{ users: [{ user: {} }] }, /a member of users has no name/],
    [{ users: [{ name: 'a' }, { name: 'a' }] }, /has two users of the name a/],
  ])('%j is told with its file', async (content, message) => {
    await expect(of(content)).rejects.toThrow(message);
  });

  it('one file that is meant has to be there', () => {
    expect(() => kubeconfigOf('/no/such')).toThrow(/ENOENT/);
  });
});

const kubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
if (!kubectl) console.warn('kubeconfigs are not compared with kubectl: there is none here');

describe.skipIf(!kubectl)('compared with kubectl config view --flatten', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const named = <T>(key: string, inner: fc.Arbitrary<T>) =>
    fc.uniqueArray(
      name.chain((each) => inner.map((value) => ({ name: each, [key]: value }))),
      { selector: (it) => it.name, maxLength: 3 },
    );
  const content = fc.record(
    {
      clusters: named('cluster', fc.record({ server: fc.constantFrom('https://x', 'https://y') })),
      users: named('user', fc.record({ token: fc.constantFrom('one', 'two') })),
      contexts: named('context', fc.record({ cluster: name, user: name })),
      'current-context': fc.constantFrom('a', 'b', ''),
    },
    { requiredKeys: [] },
  );

  it('generated files are merged alike', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(content, fc.constant('')), { minLength: 1, maxLength: 3 }),
        async (files) => {
          const list = (await Promise.all(files.map(file))).join(delimiter);
          const theirs = JSON.parse(
            execFileSync('kubectl', ['config', 'view', '--flatten', '--raw', '-o', 'json'], {
              env: { ...process.env, KUBECONFIG: list },
              encoding: 'utf8',
            }),
          );
          const ours = kubeconfigOf(list) as Record<string, readonly { name: string }[]>;
          const sorted = (all: readonly { name: string }[] | null | undefined) =>
            (all ?? []).toSorted((a, b) => a.name.localeCompare(b.name));
          for (const kind of ['clusters', 'users', 'contexts'])
            expect(sorted(ours[kind])).toEqual(sorted(theirs[kind]));
          expect(ours['current-context']).toEqual(theirs['current-context']);
        },
      ),
      { numRuns: 60 },
    ));
});
