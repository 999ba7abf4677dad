import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClawError, type Lock, type LockHolder } from '@claw-run/core';

interface Held extends LockHolder {
  readonly pid: number;
  readonly since: string;
}

/** Takes the lock file of a host for a run. One whose process is gone, or of the same run, is taken over. */
export async function lockFile(
  folder: string,
  name: string,
  holder: LockHolder,
  options: { force?: boolean },
): Promise<Lock> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${name.replaceAll(/[^A-Za-z0-9.-]/g, '_')}.lock`);
  const mine: Held = { ...holder, pid: process.pid, since: new Date().toISOString() };
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      await writeNew(path, JSON.stringify(mine));
      return { lost: new AbortController().signal, release: () => rm(path, { force: true }) };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const held = await heldBy(path);
    if (held !== undefined && !options.force && held.run !== holder.run && alive(held.pid)) {
      throw new ClawError(
        'locked',
        `run ${held.run} (${held.runbook}, by ${held.who}, since ${held.since}) holds the lock of ${name}`,
        {
          hint: `wait for process ${held.pid} to end, or break the lock with --break-lock`,
        },
      );
    }
    await rm(path, { force: true });
  }
  throw new ClawError('locked', `another run took the lock of ${name} at the same moment`, {
    retryable: true,
  });
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}

async function heldBy(path: string): Promise<Held | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Held;
  } catch {
    return undefined;
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
