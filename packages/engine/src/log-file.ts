import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ClawError, systemReason } from '@claw-run/core';

/** A file of lines that only grows. It is opened for writing when the first line is added: whoever only reads changes nothing. */
export interface LogFile {
  /** Adds lines, whole or not at all; with `sync`, they are on the disk when this returns. @throws ClawError `journal-unwritable`, `journal-lost` */
  readonly append: (lines: string, options: { readonly sync: boolean }) => Promise<void>;
  /**
   * Takes room on the disk for so many bytes more: what is added later finds it, also where the disk is full by then. `enough` is what may do where there is no more.
   * @throws ClawError `journal-unwritable`
   */
  readonly reserve: (bytes: number, enough?: number) => Promise<void>;
  /** Whether the file is still there, as far as it was written to. @throws ClawError `journal-lost` */
  readonly check: () => Promise<void>;
  /** Gives back what was reserved and not used, where the file is still ours. */
  readonly close: (options: { readonly ours: boolean }) => Promise<void>;
}

/** The whole lines of a file; what stands behind the last line end was cut off by a crash. */
export async function readLog(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new ClawError('journal-damaged', `${path} cannot be read: ${error.code}`, { cause: error });
  });
  return text.split('\n').slice(0, -1);
}

/** Goes on behind the lines that count. Room that was reserved holds zeros, which are no line; a rest that a crash left there becomes such room. */
export function logFile(path: string, known: readonly string[]): LogFile {
  let end = known.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  let room = end;
  let opened: Promise<FileHandle> | undefined;
  const handle = () => {
    opened ??= (async () => {
      const file = await openToWrite(path);
      room = Math.max(end, (await file.stat()).size);
      await writeAt(file, Buffer.alloc(room - end), end);
      return file;
    })();
    return opened;
  };
  return {
    async append(lines, { sync }) {
      const bytes = Buffer.from(lines);
      try {
        const file = await handle();
        if (sync) await assertThere(file, path, end);
        await writeAt(file, bytes, end);
        if (sync) await file.datasync();
        end += bytes.length;
        room = Math.max(room, end);
      } catch (error) {
        // what was cut off is not filled up: it would look whole
        if (error instanceof ClawError) throw error;
        const rest = Math.min(bytes.length, Math.max(0, room - end));
        await opened?.then((file) => writeAt(file, Buffer.alloc(rest), end)).catch(() => undefined);
        await opened?.then((file) => file.truncate(room)).catch(() => undefined);
        throw unwritable(path, error);
      }
    },
    async reserve(bytes, enough = bytes) {
      try {
        const file = await handle();
        const more = end + bytes - room;
        if (more <= 0) return;
        await writeAt(file, Buffer.alloc(more), room);
        await file.datasync();
        room += more;
      } catch (error) {
        await opened?.then((file) => file.truncate(room)).catch(() => undefined);
        if (opened === undefined || room - end < enough) throw unwritable(path, error);
      }
    },
    async check() {
      const file = await opened?.catch(() => undefined);
      if (file !== undefined) await assertThere(file, path, end);
    },
    async close({ ours }) {
      const file = await opened?.catch(() => undefined);
      if (ours && room > end) await file?.truncate(end).catch(() => undefined);
      await file?.close().catch(() => undefined);
    },
  };
}

/** Whether what is open is what lies at its path, with all that was written. @throws ClawError `journal-lost` */
export async function assertThere(file: FileHandle, path: string, bytes: number): Promise<void> {
  const [own, there] = await Promise.all([
    file.stat(),
    stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw error;
    }),
  ]);
  const isOwn = there?.ino === own.ino && there.dev === own.dev;
  if (isOwn && there.size >= bytes) return;
  const what = there === undefined ? 'removed' : isOwn ? 'cut off' : 'replaced';
  throw new ClawError('journal-lost', `${path} was ${what} while the run was under way`, {
    hint: 'nothing can be resumed or rolled back from it any more: what is left in place has to be looked at by hand',
  });
}

/** Makes a folder for its owner alone, and those above it. The recursive way of Node.js gives wrong reasons, and never ends below /proc. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path).catch(() => undefined))?.isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path, { mode: 0o700 }).catch(async (again: NodeJS.ErrnoException) => {
      if (again.code !== 'EEXIST') throw again;
    });
  }
}

/** What could not be written, as an error that says so. */
export function unwritable(path: string, cause: unknown): ClawError {
  if (cause instanceof ClawError) return cause;
  return new ClawError('journal-unwritable', `${path} cannot be written: ${systemReason(cause)}`, {
    hint: 'what is not recorded cannot be rolled back, so nothing more is done; fix that, then resume',
    cause,
  });
}

/** The same where it is the beginning that cannot be written: nothing was done. */
export function unbegun(path: string, cause: unknown): ClawError {
  const error = unwritable(path, cause);
  if (error.code !== 'journal-unwritable') return error;
  return new ClawError(error.code, error.message, {
    hint: 'nothing is done without a journal: put that right, or name another folder with --state-dir, then run again',
    cause: error,
    notPerformed: true,
  });
}

/** Writes all the bytes at a place of a file; a write may come back short. */
export async function writeAt(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

function openToWrite(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
}
