import { randomBytes } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, unbegun, writeAt } from './log-file.ts';

/** Room for the records of a run and of its rollback, from the size of the record that holds its plan. */
export function roomFor(plan: number): number {
  return 64 * 1024 + 6 * plan;
}

/**
 * Whether a folder takes a journal whose first record has so many bytes: a folder with as many files as a journal has and with their room is made there, and removed.
 * @throws ClawError `journal-unwritable`
 */
export async function tryRoom(folder: string, first: number): Promise<void> {
  const trial = join(folder, `.trial-${randomBytes(6).toString('hex')}`);
  try {
    await makeFolder(folder);
    await mkdir(trial, { mode: 0o700 });
    // sealed and signed, the record takes more than it has bytes
    const bytes = roomFor(2 * first) + 2 * first;
    // what was sealed, the head, the owner and the index of runs have files too
    for (const [number, size] of [bytes, bytes, 1024, 512, 4096].entries()) {
      const file = await open(join(trial, String(number)), 'wx', 0o600);
      try {
        await writeAt(file, Buffer.alloc(size), 0);
      } finally {
        await file.close();
      }
    }
  } catch (error) {
    throw unbegun(folder, error);
  } finally {
    await rm(trial, { recursive: true, force: true }).catch(() => undefined);
  }
}
