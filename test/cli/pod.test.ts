import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsOf, fixtures, makePlace } from './support/claw-run.ts';
import { type PodPlace, startPod } from './support/pod.ts';

const note = join(fixtures, 'note.yaml');
const notes = join(fixtures, 'notes.yaml');

describe('a container of a pod is a target', () => {
  let pod: PodPlace;
  const kubeconfig: PodPlace['kubeconfig'] = (user) => pod.kubeconfig(user);
  beforeAll(async () => {
    pod = await startPod();
  });
  afterAll(() => pod?.close());

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
