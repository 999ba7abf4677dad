import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makePlace } from './support/claw-run.ts';

describe('sandbox up scheduler', () => {
  test('--detach leaves a head node with its symptom, and sandbox down takes it away', async () => {
    const { run, env } = await makePlace();
    const up = await run(['sandbox', 'up', 'scheduler', 'group', '--detach']);
    expect(up.exit).toBe(0);
    const { bin, params } = JSON.parse(up.stdout) as { bin: string; params: { config: string } };
    const said = execFileSync('sh', ['-c', "su -l alice -c 'clw list' 2>&1 || true"], {
      env: { ...env, PATH: `${bin}:${env.PATH}` },
      encoding: 'utf8',
    });
    expect(said).toBe(
      "clw-scheduler-denied: Scheduler query denied for user 'alice'. Insufficient privileges for /api/v1/jobs. Contact cluster admin.\n",
    );
    expect(existsSync(params.config)).toBe(true);
    expect((await run(['sandbox', 'down'])).exit).toBe(0);
    expect([existsSync(bin), existsSync(params.config)]).toEqual([false, false]);
  });

  test('scenarios that are unknown, contradict each other or take a host are refused', async () => {
    const { run } = await makePlace();
    expect(await run(['sandbox', 'up', 'scheduler', 'grop'])).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('there is no scenario grop; did you mean group?'),
    });
    expect(await run(['sandbox', 'up', 'scheduler', 'group', 'group-cached'])).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('group and group-cached contradict each other'),
    });
    expect((await run(['sandbox', 'up', 'scheduler', 'firewall'])).exit).toBe(2);
  });
});
