import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pack } from '../support/container.ts';
import { readStages } from '../support/containerfile.ts';
import { root } from '../support/programs.ts';

const { runtime, why } = await findRuntime();
if (why !== undefined) console.warn(`skipped: the image of the Containerfile. ${why}`);

describe.skipIf(why !== undefined)(`the image${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  const image = `claw-run-test:${process.pid}`;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claw-run-image-'));
    for (const name of ['Containerfile', '.containerignore', '.dockerignore'])
      await copyFile(join(root, name), join(folder, name));
    await mkdir(join(folder, 'artifacts'));
    await pack(join(folder, 'artifacts/claw-run-0.0.0.tgz'));
    const built = await call(runtime, ['build', '-f', join(folder, 'Containerfile'), '-t', image, folder]);
    expect(built.exit, built.said).toBe(0);
  });
  afterAll(async () => {
    await call(runtime, ['rmi', '-f', image]);
    await rm(folder, { recursive: true, force: true });
  });

  test('goes the whole way in the practice cluster, on a root that cannot be written', async () => {
    const mounts = ['--read-only', '--tmpfs', '/tmp', '--tmpfs', '/home/claw-run/state:mode=2777'];
    const limits = ['--cap-drop=ALL', '--security-opt=no-new-privileges', '--network=none'];
    const runbooks = ['-v', `${join(root, 'runbooks')}:/runbook:ro`];
    const { exit, said } = await call(runtime, [
      ...['run', '--rm', ...mounts, ...limits, ...runbooks, image],
      ...['--sandbox', 'rbac', 'worker-denied.yaml', '--yes'],
    ]);
    expect(exit, said).toBe(0);
    expect(said).toContain('Fixed and verified');
  });
});

/** A runtime that answers and can have the bases of the image, or why there is none. */
async function findRuntime(): Promise<{ readonly runtime: string; readonly why?: string }> {
  const bases = Object.values(await readStages()).map(({ from }) => from);
  const reasons: string[] = [];
  for (const runtime of ['podman', 'docker']) {
    const info = await call(runtime, ['info']);
    if (info.exit !== 0) {
      reasons.push(`${runtime}: ${info.said.trim().split('\n').at(-1)}`);
      continue;
    }
    const pulled = await Promise.all(bases.map((base) => call(runtime, ['pull', base])));
    const failed = pulled.find(({ exit }) => exit !== 0);
    if (failed === undefined) return { runtime };
    reasons.push(`${runtime}: the bases cannot be had: ${failed.said.trim().split('\n').at(-1)}`);
  }
  return { runtime: '', why: `no container runtime is at hand (${reasons.join('; ')})` };
}

function call(program: string, args: readonly string[]): Promise<{ exit: number; said: string }> {
  return new Promise((resolve) => {
    const options = { maxBuffer: 1 << 26, timeout: 240_000 };
    const child = execFile(program, args, options, (error, stdout, stderr) =>
      resolve({
        exit: child.exitCode ?? 127,
        said: `${stdout}${stderr}${stderr === '' ? (error?.message ?? '') : ''}`,
      }),
    );
  });
}
