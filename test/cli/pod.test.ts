import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer, startSandbox } from '@claw-run/sandbox';
import { until } from '@claw-run/testing';
import { connectCluster } from '@claw-run/transports';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsOf, fixtures, makePlace } from './support/claw-run.ts';

const note = join(fixtures, 'note.yaml');
const notes = join(fixtures, 'notes.yaml');

/** What runs in these containers are processes of this machine, which see its files. */
describe('a container of a pod is a target', () => {
  let folder = '';
  let close = async () => {};
  const kubeconfig = (user: 'admin' | 'nobody') => join(folder, user);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claw-run-cli-pod-'));
    const server = await startApiServer();
    await writeFile(kubeconfig('admin'), server.kubeconfig, { mode: 0o600 });
    await writeFile(kubeconfig('nobody'), server.kubeconfigFor({ name: 'nobody' }), { mode: 0o600 });
    const sandbox = await startSandbox({
      scenarios: ['healthy'],
      kubeconfig: kubeconfig('admin'),
      controllers: 'own',
      execFor: server.caPem,
      openclaw: ['true'],
    });
    const cluster = await connectCluster({ kubeconfig: kubeconfig('admin'), userAgent: 'test' });
    const signal = AbortSignal.timeout(60_000);
    const ref = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'web-0' };
    const spec = { containers: ['main', 'log'].map((name) => ({ name, image: 'web:1' })) };
    const metadata = { namespace: 'default', name: 'web-0' };
    const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
    await cluster.perform({ do: 'create', object }, { key: 'test', signal });
    await until('the pod runs', async () =>
      JSON.stringify(await cluster.read({ read: 'get', ref }, { signal })).includes('"phase":"Running"'),
    );
    close = async () => {
      await cluster.close();
      await sandbox.close();
      await server.close();
    };
  });
  afterAll(async () => {
    await close();
    await rm(folder, { recursive: true, force: true });
  });

  test('a dry run touches nothing; a run mends; a second finds nothing to do; rolled back, all is as before', async () => {
    const { run, folder: place } = await makePlace();
    const path = join(place, 'note');
    const reach = ['--target', 'head=pod://default/web-0/main', '--kubeconfig', kubeconfig('admin')];
    const args = [note, '-e', `path=${path}`, ...reach];
    const planned = await run([...args, '--check']);
    expect({ exit: planned.exit, on: planned.stdout.split('\n')[1] }).toEqual({
      exit: 0,
      on: 'note on head default/web-0/main',
    });
    expect(planned.stdout).toContain('1 change planned; nothing was touched');
    expect(existsSync(path)).toBe(false);
    expect(await run([...args, '--yes'])).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('Fixed and verified'),
    });
    expect(await readFile(path, 'utf8')).toBe('note\n');
    expect(await run([...args, '--yes'])).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('No change needed'),
    });
    // which cluster and which container is found in the journal
    expect(await run(['rollback', '--yes'])).toMatchObject({ exit: 0 });
    expect(existsSync(path)).toBe(false);
  });

  test('two of them are a fleet, each by its name', async () => {
    const { run, folder: place } = await makePlace();
    const path = join(place, 'note');
    await writeFile(
      join(place, 'hosts'),
      'pod://default/web-0/main name=main\npod://default/web-0/log name=log\n',
    );
    const args = [notes, '-e', `path=${path}`, '--hosts', 'hosts', '-f', '1'];
    const planned = await run([...args, '--check', '--output', 'json', '--kubeconfig', kubeconfig('admin')]);
    const started = eventsOf(planned.stdout).filter(({ type }) => type === 'run.started');
    expect(started.map(({ targets }) => targets)).toEqual([
      { heads: { name: 'main', kind: 'host' } },
      { heads: { name: 'log', kind: 'host' } },
    ]);
    const mended = await run([...args, '--yes', '--kubeconfig', kubeconfig('admin')]);
    expect(mended).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/✓ main {2}1 changed\n {2}✓ log {3}1 not changed/),
    });
    expect(await run(['rollback', '--yes'])).toMatchObject({ exit: 0 });
    expect(existsSync(path)).toBe(false);
  });

  test.each([
    ['default/web-1', 'admin', 'there is no pod default/web-1'],
    ['default/web-0/db', 'admin', 'has no container db'],
    ['default/web-0/main', 'nobody', 'kubectl create role claw-run-exec'],
  ] as const)(
    'what is wrong with pod://%s, as %s, is told before anything is touched',
    async (pod, user, why) => {
      const { run, folder: place } = await makePlace();
      const path = join(place, 'note');
      const reach = ['--target', `head=pod://${pod}`, '--kubeconfig', kubeconfig(user)];
      const refused = await run([note, '--yes', '-e', `path=${path}`, ...reach]);
      expect(refused).toMatchObject({ exit: 3, stdout: expect.stringContaining(why) });
      expect(existsSync(path)).toBe(false);
    },
  );
});
