import { link, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { ClawError } from '@claw-run/core';
import { unwritable } from './log-file.ts';
import { hasEnded, type JournalOwner, ownerOf, thisProcess } from './process-owner.ts';

/** That a journal belongs to this process, for as long as nobody took it away. */
export interface Ownership {
  /** @throws ClawError `lock-lost` where somebody took the journal over */
  readonly check: () => Promise<void>;
  readonly release: () => Promise<void>;
}

const beatMs = 5000;
/** An owner whose process cannot be seen from here has ended where it gave no sign of life for this long, by the clock of who watches. */
const silentMs = 15_000;

/**
 * Takes the file that says whose a journal is: made whole or not at all, so of several that ask for it one gets it. What is taken over is moved aside first,
 * and put back where it is not what was looked at.
 * @returns what is ours now, or who else has it
 */
export async function takeOwnership(
  path: string,
  { force = false } = {},
): Promise<{ readonly taken: Ownership } | { readonly by: JournalOwner }> {
  const own = await thisProcess();
  const fresh = `${path}.${own.token}`;
  const text = `${JSON.stringify(own)}\n`;
  try {
    await writeFile(fresh, text, { flag: 'wx', mode: 0o600 });
    for (;;) {
      if (await linked(fresh, path)) return { taken: await heldAt(path, fresh) };
      const found = await readFile(path, 'utf8').catch(() => undefined);
      if (found === undefined) continue;
      const by = ownerOf(found);
      if (!force && by !== undefined && (await isAlive(path, by))) return { by };
      await moveAway(path, `${fresh}.old`, found);
    }
  } catch (error) {
    throw unwritable(path, error);
  } finally {
    await rm(fresh, { force: true }).catch(() => undefined);
  }
}

/** Whom a journal belongs to, where that is a living process: who cannot be seen from here counts as one. */
export async function ownerAt(path: string): Promise<JournalOwner | undefined> {
  const by = ownerOf(await readFile(path, 'utf8').catch(() => ''));
  return by === undefined || (await hasEnded(by)) === true ? undefined : by;
}

async function isAlive(path: string, by: JournalOwner): Promise<boolean> {
  const ended = await hasEnded(by);
  if (ended !== undefined) return !ended;
  const before = await beatOf(path);
  const until = performance.now() + silentMs;
  while (performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    if ((await beatOf(path)) !== before) return true;
  }
  return false;
}

/** Changes with each sign of life, and where somebody else has the file by now. */
async function beatOf(path: string): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined);
  try {
    const info = await file?.stat({ bigint: true });
    return `${info?.ino} ${info?.mtimeNs}`;
  } finally {
    await file?.close();
  }
}

async function heldAt(path: string, fresh: string): Promise<Ownership> {
  const file = await open(path, 'r');
  await rm(fresh, { force: true });
  const { ino } = await file.stat({ bigint: true });
  const beat = setInterval(() => {
    const now = new Date();
    void file.utimes(now, now).catch(() => undefined);
  }, beatMs);
  beat.unref();
  const isOurs = async () => {
    const there = await stat(path, { bigint: true }).catch(() => undefined);
    return (await file.stat()).nlink > 0 && (there === undefined || there.ino === ino);
  };
  return {
    async check() {
      if (await isOurs().catch((error: unknown) => Promise.reject(unwritable(path, error)))) return;
      const isTaken = await stat(path).then(
        () => true,
        () => false,
      );
      const what = isTaken
        ? 'another process took this run over'
        : `another process took this run over, or removed ${path}, which says whose it is`;
      throw new ClawError('lock-lost', what, { hint: 'see what became of it: claw-run runs' });
    },
    async release() {
      clearInterval(beat);
      if (await isOurs().catch(() => false)) await rm(path, { force: true }).catch(() => undefined);
      await file.close().catch(() => undefined);
    },
  };
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a file away that holds what was looked at; another one is put back, unless somebody has made one meanwhile. */
async function moveAway(path: string, aside: string, expected: string): Promise<void> {
  try {
    await rename(path, aside);
    if ((await readFile(aside, 'utf8')) !== expected) await linked(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    await rm(aside, { force: true });
  }
}
