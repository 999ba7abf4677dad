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
    // the record stands in the journal and, where it is sealed, beside it
    const bytes = roomFor(first) + first;
    for (const [name, size] of [
      ['journal', bytes],
      ['sealed', bytes],
      ['head', 1024],
      ['owner', 512],
    ] as const) {
      const file = await open(join(trial, name), 'wx', 0o600);
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
