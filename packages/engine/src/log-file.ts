import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { ClawError } from '@claw-run/core';

/** A file of lines that only grows. It is opened for writing when the first line is added: whoever only reads changes nothing. */
export interface LogFile {
  /** Adds lines, whole or not at all; with `sync`, they are on the disk when this returns. @throws ClawError `journal-unwritable` */
  readonly append: (lines: string, options: { readonly sync: boolean }) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The whole lines of a file; what stands behind the last line end was cut off by a crash. */
export async function readLog(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new ClawError('journal-damaged', `${path} cannot be read: ${error.code}`, { cause: error });
  });
  return text.split('\n').slice(0, -1);
}

/** Goes on behind the lines that count: a rest that a crash left there is written over. */
export function logFile(path: string, known: readonly string[]): LogFile {
  let end = known.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  let opened: Promise<FileHandle> | undefined;
  const handle = () => {
    opened ??= openAt(path, end);
    return opened;
  };
  return {
    async append(lines, { sync }) {
      try {
        const file = await handle();
        const bytes = Buffer.from(lines);
        await writeAt(file, bytes, end);
        end += bytes.length;
        if (sync) await file.datasync();
      } catch (error) {
        await opened?.then((file) => file.truncate(end)).catch(() => {});
        throw unwritable(path, error);
      }
    },
    async close() {
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}

/** What could not be written, as an error that says so. */
export function unwritable(path: string, cause: unknown): ClawError {
  const { code } = cause as NodeJS.ErrnoException;
  const why = code === 'ENOSPC' ? 'the disk is full' : (code ?? String(cause));
  return new ClawError('journal-unwritable', `${path} cannot be written: ${why}`, {
    hint: 'what is not recorded cannot be rolled back, so nothing more is done; make room, then resume',
    cause,
  });
}

/** Writes all the bytes at a place of a file; a write may come back short. */
export async function writeAt(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

async function openAt(path: string, end: number): Promise<FileHandle> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  await file.truncate(end);
  return file;
}
