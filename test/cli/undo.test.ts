import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventsOf, fixtures, makePlace, normal } from './support/claw-run.ts';
import { useCluster } from './support/cluster.ts';

const cluster = useCluster();
const greeting = join(fixtures, 'greeting.yaml');
const stuck = join(fixtures, 'stuck.yaml');
const env = () => ({ KUBECONFIG: cluster.kubeconfig, GREETING_PASSWORD: 'correct-horse-battery' });

describe('rollback', () => {
  test('undoes the latest run, found by its journal, on the cluster it was made on', async () => {
    const { run } = await makePlace(env());
    await run([greeting, '--yes', '-e', 'namespace=undone']);
    const nobody = await run(['rollback']);
    expect(nobody).toMatchObject({ exit: 12, stdout: expect.stringContaining('approve with --yes') });
    const { exit, stdout, stderr } = await run(['rollback', '--yes'], { env: { KUBECONFIG: '' } });
    expect(exit).toBe(0);
    expect(normal(stdout)).toMatchInlineSnapshot(`
      "Rolling back: The namespace does not greet
      greeting on cluster sandbox
      run RUN, begun TIME by WHO

      Rollback: 3 changes
        1. Keep the door
           as it was before
           ~ Secret undone/door password
               exists: true → false
               values.password: ‹secret› removed
        2. Say the words
           as it was before
           ~ ConfigMap undone/greeting text
               exists: true → false
               - values.text: hello
        3. Build the hall
           as it was before
           - Namespace undone

      ✓ Rolled back in N s: 3 rolled back
      "
    `);
    expect(normal(stderr)).toMatchInlineSnapshot(`
      "
      Rolling back
        Keep the door
          ✓ delete Secret undone/door N s
          ✓ rolled back: it is as it was before
        Say the words
          ✓ delete ConfigMap undone/greeting N s
          ✓ rolled back: it is as it was before
        Build the hall
          ✓ delete Namespace undone N s
          ✓ rolled back: it is as it was before
      "
    `);
    expect(await cluster.get('ConfigMap', 'greeting', 'undone')).toBeNull();
    const again = await run(['rollback', '--yes']);
    expect(again).toMatchObject({ exit: 0, stderr: '' });
    expect(normal(again.stdout)).toBe('Nothing of RUN is left to roll back.\n');
  });

  test('leaves alone what someone else has changed since, unless forced', async () => {
    const { run } = await makePlace(env());
    await run([greeting, '--yes', '-e', 'namespace=conflict']);
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'conflict', name: 'greeting' };
    const signal = new AbortController().signal;
    const patch = [{ op: 'replace', path: '/data/text', value: 'mine' }] as const;
    await cluster.perform({ do: 'patch', ref, patch }, { key: 'test', signal });
    const { exit, stdout, stderr } = await run(['rollback', '--yes']);
    expect(exit).toBe(6);
    expect(stderr).toContain('left alone');
    expect(stdout).toContain('again: claw-run rollback');
    expect(await run(['rollback', '--yes', '--force'])).toMatchObject({ exit: 0 });
  });
});

describe('a run that is stopped', () => {
  test('by SIGTERM stops after the action in hand, says so, and can go on or be undone', async () => {
    const { start, run } = await makePlace(env());
    const running = start([stuck, '--yes']);
    await running.until('create ConfigMap stuck/note');
    running.kill('SIGTERM');
    const { exit, stdout, stderr } = await running.ended;
    expect(exit).toBe(143);
    expect(stderr).toContain('SIGTERM: stopping after the action in hand; once more ends at once');
    expect(normal(stdout)).toContain('resume: claw-run resume RUN\n  roll back: claw-run rollback RUN');
    const listed = await run(['runs']);
    expect(normal(listed.stdout)).toBe(
      'RUN  TIME  stuck  terminated  2 steps  (can be resumed, can be undone)\n',
    );
    const resumed = await run(['resume', '--yes', '--timeout', '2s']);
    expect(resumed.exit).toBe(9);
    expect(await run(['rollback', '--yes'])).toMatchObject({ exit: 0 });
    expect(await cluster.get('ConfigMap', 'note', 'stuck')).toBeNull();
    expect(normal((await run(['runs'])).stdout)).toBe('RUN  TIME  stuck  undone  2 steps\n');
  });

  test('by a second SIGINT ends at once, and still says how it is resumed and rolled back', async () => {
    const { start, folder, run } = await makePlace(env());
    const gate = join(folder, 'gate');
    await writeFile(gate, '');
    try {
      const running = start([join(fixtures, 'hung.yaml'), '--yes', '-e', `folder=${folder}`]);
      await expect.poll(() => readFile(join(folder, 'busy')).catch(() => null)).not.toBeNull();
      running.kill('SIGINT');
      await running.until('once more ends at once');
      running.kill('SIGINT');
      const { exit, stderr } = await running.ended;
      expect(exit).toBe(130);
      const said = normal(stderr);
      expect(said).toContain('resume: claw-run resume RUN\n  roll back: claw-run rollback RUN');
    } finally {
      await rm(gate);
    }
    const left = await run(['resume']);
    expect(left, 'what is left is shown, and agreed to first').toMatchObject({
      exit: 12,
      stdout: expect.stringContaining('What is left to do: 1 change'),
    });
    expect(left.stdout).toContain('it began and did not come to its end');
    expect(await run(['rollback', '--yes']), 'the command cannot be rolled back').toMatchObject({ exit: 6 });
    await expect(readFile(join(folder, 'note'))).rejects.toThrow('ENOENT');
  });

  test.each([
    ['SIGINT', [], 130, '✗ Interrupted; stopped after the action in hand: nothing was changed'],
    ['a time-out', ['--timeout', '300ms'], 9, '✗ Timed out: nothing was changed'],
  ])('by %s while it diagnoses has found out nothing', async (_, flags, exit, said) => {
    const { start, folder } = await makePlace(env());
    const gate = join(folder, 'gate');
    await mkdir(join(folder, 'bin'));
    await writeFile(gate, '');
    const slow = join(folder, 'bin/systemctl');
    await writeFile(slow, `#!/bin/sh\ntouch ${folder}/asked\nwhile [ -e ${gate} ]; do sleep 0.05; done\n`);
    await chmod(slow, 0o755);
    try {
      const running = start([join(fixtures, 'slow-look.yaml'), '--check', ...flags], {
        env: { PATH: `${folder}/bin:${process.env.PATH}` },
      });
      if (flags.length === 0) {
        await expect.poll(() => readFile(join(folder, 'asked')).catch(() => null)).not.toBeNull();
        running.kill('SIGINT');
      }
      const ended = await running.ended;
      expect(ended.exit).toBe(exit);
      expect(ended.stdout).toContain(said);
      expect(ended.stdout, 'no cause is told that was not looked at').not.toContain('Causes');
      expect(ended.stdout).not.toContain('claw-run rollback');
    } finally {
      await rm(gate);
    }
  });

  test('by SIGKILL is undone by looking at what is there', async () => {
    const { start, run } = await makePlace(env());
    const running = start([stuck, '--yes', '-e', 'namespace=killed']);
    await running.until('create ConfigMap killed/note');
    running.kill('SIGKILL');
    expect(await running.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(await run(['rollback', '--yes', '--break-lock'])).toMatchObject({ exit: 0 });
  });
});

describe('runs', () => {
  test('tells a run as it was, to a person and to a program', async () => {
    const { run } = await makePlace(env());
    await run([greeting, '--yes', '-e', 'namespace=told']);
    const list = eventsOf((await run(['runs', '--output', 'json'])).stdout)[0] as { runs: { run: string }[] };
    const id = list.runs[0]?.run ?? '';
    expect(list.runs[0]).toMatchObject({
      runbook: 'greeting',
      status: 'ok',
      steps: 3,
      canUndo: true,
      canResume: false,
    });
    const human = await run(['runs', id]);
    expect(human.stderr).toBe('');
    expect(human.stdout).toContain('create ConfigMap told/greeting');
    const json = eventsOf((await run(['runs', id, '--output', 'json'])).stdout);
    expect(json.at(-1)).toMatchObject({ type: 'run.ended', status: 'ok' });
  });

  test('of a machine that has run nothing is an answer', async () => {
    const { run } = await makePlace();
    expect(await run(['runs'])).toMatchObject({
      exit: 0,
      stdout: 'No runs have been kept on this machine.\n',
      stderr: '',
    });
  });
});
