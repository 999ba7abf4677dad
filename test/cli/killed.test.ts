import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Relay, startRelay } from '../../packages/testing/src/contracts/relay.ts';
import { makePlace } from './support/claw-run.ts';
import { type PodPlace, startPod } from './support/pod.ts';

// What a claw-run that was killed, or whose connection was cut, has begun on a host goes on there for a while.

const runbook = (folder: string) => `runbook: long
version: 1
title: A long command
description: For processes that are killed.
targets: { box: { kind: host, default: local } }
steps:
  - { id: one, uses: linux.file, with: { path: ${join(folder, 'one')}, content: "x\\n" } }
  - id: long
    uses: linux.command
    with:
      argv: [sh, -c, "touch ${join(folder, 'begun')}; until [ -e ${join(folder, 'go')} ]; do sleep 0.05; echo noise; done; echo x >>${join(folder, 'count')}"]
      unless: [test, -e, ${join(folder, 'count')}]
      undo: [rm, -f, ${join(folder, 'count')}]
  - { id: two, uses: linux.file, with: { path: ${join(folder, 'two')}, content: "x\\n" } }
`;

const all = ['x\n', 'x\n', 'x\n'];
const none = [null, null, null];

let pod: PodPlace;
beforeAll(async () => {
  pod = await startPod();
});
afterAll(() => pod?.close());

/** A run whose long command is under way. */
async function begin(reach: readonly string[]) {
  const { folder, start, run } = await makePlace();
  const file = join(folder, 'long.yaml');
  await writeFile(file, runbook(folder));
  const texts = (...names: readonly string[]) =>
    Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => null)));
  const first = start([file, '--yes', ...reach]);
  await expect.poll(() => texts('begun')).toEqual(['']);
  return {
    first,
    again: (command: string, way = reach) => start([command, '--yes', ...way]),
    go: () => writeFile(join(folder, 'go'), ''),
    files: () => texts('one', 'count', 'two'),
    async rolledBack(way = reach) {
      expect((await run(['rollback', '--yes', ...way])).exit).toBe(0);
      expect(await texts('one', 'count', 'two')).toEqual(none);
    },
  };
}

const inPod = () => ['--target', 'box=pod://default/web-0/main', '--kubeconfig', pod.kubeconfig('admin')];

test.each([
  ['on this machine', 'resume', () => [], all],
  ['on this machine', 'rollback', () => [], none],
  ['in a pod', 'resume', inPod, all],
  ['in a pod', 'rollback', inPod, none],
] as const)(
  'a command that outlives its claw-run %s is waited for by %s, and happens once',
  async (_, command, reach, wanted) => {
    const { first, again, go, files, rolledBack } = await begin(reach());
    first.kill('SIGKILL');
    await first.ended;
    const next = again(command);
    await next.until('a command that was begun earlier');
    expect(await files()).toEqual(['x\n', null, null]);
    await go();
    expect(await next.ended).toMatchObject({ exit: 0 });
    expect(await files()).toEqual(wanted);
    await rolledBack();
  },
);

/** A way to the pod that can be cut. */
async function startWay(): Promise<{ readonly relay: Relay; readonly reach: readonly string[] }> {
  const { folder } = await makePlace();
  const text = await readFile(pod.kubeconfig('admin'), 'utf8');
  const relay = await startRelay(/server: (\S+)/.exec(text)?.[1] ?? '');
  onTestFinished(() => relay.close());
  const kubeconfig = join(folder, 'relayed');
  const relayed = text
    .replace(/certificate-authority-data: .*/, '')
    .replace(/server: .*/, `server: ${relay.url}\n      insecure-skip-tls-verify: true`);
  await writeFile(kubeconfig, relayed, { mode: 0o600 });
  return { relay, reach: ['--target', 'box=pod://default/web-0/main', '--kubeconfig', kubeconfig] };
}

test('a command in a pod whose connection is cut is waited for by the same run, and happens once', async () => {
  const { relay, reach } = await startWay();
  const { first, go, files, rolledBack } = await begin(reach);
  relay.drop();
  await first.until('a command that was begun earlier');
  expect(await files()).toEqual(['x\n', null, null]);
  await go();
  expect(await first.ended).toMatchObject({ exit: 0 });
  expect(await files()).toEqual(all);
  await rolledBack();
});

test.each([
  ['resume', all],
  ['rollback', none],
] as const)(
  'a command in a pod that cannot be reached again is waited for by %s, and happens once',
  async (command, wanted) => {
    const { relay, reach } = await startWay();
    const { first, again, go, files, rolledBack } = await begin(reach);
    await relay.close();
    await first.until('trying to reach it again');
    first.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ exit: 143 });
    const next = again(command, inPod());
    await next.until('a command that was begun earlier');
    expect(await files()).toEqual(['x\n', null, null]);
    await go();
    expect(await next.ended).toMatchObject({ exit: 0 });
    expect(await files()).toEqual(wanted);
    await rolledBack(inPod());
  },
);
