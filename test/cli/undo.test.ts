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
    expect(nobody).toMatchObject({ exit: 12, stdout: '' });
    const { exit, stdout, stderr } = await run(['rollback', '--yes'], { env: { KUBECONFIG: '' } });
    expect(exit).toBe(0);
    expect(normal(stdout)).toMatchInlineSnapshot(`
      "
      ✓ Undone in N s
      "
    `);
    expect(normal(stderr)).toMatchInlineSnapshot(`
      "Undoing RUN (greeting), the last step first:
        Keep the door
        Say the words
        Build the hall

      Rolling back
        Keep the door
          ✓ delete Secret undone/door N s
          ✓ undone: it is as it was before
        Say the words
          ✓ delete ConfigMap undone/greeting N s
          ✓ undone: it is as it was before
        Build the hall
          ✓ delete Namespace undone N s
          ✓ undone: it is as it was before
      "
    `);
    expect(await cluster.get('ConfigMap', 'greeting', 'undone')).toBeNull();
    const again = await run(['rollback', '--yes']);
    expect(again).toMatchObject({ exit: 0, stderr: '' });
    expect(normal(again.stdout)).toBe('Nothing of RUN is left to undo.\n');
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
    expect(normal(stdout)).toContain('go on: claw-run resume RUN\n  undo: claw-run rollback RUN');
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
