import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventsOf, makePlace, root } from './support/claw-run.ts';

const runbook = join(root, 'runbooks/worker-denied.yaml');

describe('sandbox up', () => {
  test('says one line of JSON when its symptoms show, and cleans up at a signal', async () => {
    const { start } = await makePlace();
    const sandbox = start(['sandbox', 'up', 'rbac']);
    await sandbox.until('"pid"');
    sandbox.kill('SIGTERM');
    const { exit, stdout } = await sandbox.ended;
    expect({ exit, lines: stdout.trimEnd().split('\n').length }).toEqual({ exit: 0, lines: 1 });
    const { kubeconfig, bin, pid } = JSON.parse(stdout) as { kubeconfig: string; bin: string; pid: number };
    expect(pid).toBeGreaterThan(1);
    expect([existsSync(kubeconfig), existsSync(bin)]).toEqual([false, false]);
  });

  test('--detach leaves it running for other calls, and sandbox down ends it', async () => {
    const { run, env, folder } = await makePlace();
    const up = await run(['sandbox', 'up', 'rbac', '--detach']);
    expect(up.exit).toBe(0);
    const { kubeconfig, bin } = JSON.parse(up.stdout) as { kubeconfig: string; bin: string };
    const reach = { KUBECONFIG: kubeconfig, PATH: `${bin}:${env.PATH}` };
    const listed = execFileSync('openclaw', ['worker', 'list', '-n', 'production'], {
      env: { ...env, ...reach },
      cwd: folder,
      encoding: 'utf8',
    });
    expect(listed).toContain('REJECTED');
    const { exit } = await run([runbook, '--yes', '-q'], { env: reach });
    expect(exit).toBe(0);
    expect(await run(['sandbox', 'down'])).toMatchObject({ exit: 0, stderr: 'ended 1 practice cluster\n' });
    expect(existsSync(kubeconfig)).toBe(false);
    expect(await run(['sandbox', 'down'])).toMatchObject({
      exit: 0,
      stderr: 'no practice cluster was running\n',
    });
  });
});

describe('--sandbox', () => {
  test('runs against a practice cluster that ends with the run, and is not what rollback takes for the latest run', async () => {
    const { run } = await makePlace({ TMPDIR: undefined });
    const { exit, stdout } = await run(['--sandbox', 'rbac,identity', runbook, '--yes']);
    expect(exit).toBe(0);
    expect(stdout).toContain('Fixed and verified');
    expect(stdout).toContain('The sandbox ends with the run.');
    expect((await run(['runs'])).stdout).toContain('(practice)');
    expect(await run(['rollback', '--yes'])).toMatchObject({ exit: 2 });
  });

  test('diagnoses in events, for programs', async () => {
    const { run } = await makePlace();
    const { exit, stdout } = await run([
      'diagnose',
      runbook,
      '--sandbox',
      'rbac',
      '--output',
      'json',
      '--detailed-exitcode',
    ]);
    expect(exit).toBe(10);
    const found = eventsOf(stdout).filter(({ type, finding }) => type === 'cause' && finding === 'found');
    expect(found.map(({ id }) => id)).toEqual(['rbac']);
  });
});
