import { type FileHandle, open, readFile } from 'node:fs/promises';
import { ClawError } from '@claw-run/core';
import { assertThere, unwritable, writeAt } from './log-file.ts';
import type { StateKey } from './state-key.ts';

/** How far a journal has come for certain: a journal that ends before that was cut off. */
export interface Head {
  /** How many records were on the disk. */
  readonly records: number;
  /** The signature of the last of them. */
  readonly last: string;
}

/** Keeps the head of one journal, in two places that are written by turns: a crash can spoil one of them at most. */
export interface HeadFile {
  /** Follows a record that is on the disk already, so it needs no sync of its own: it may lag, and is never ahead. */
  readonly advance: (head: Head) => Promise<void>;
  /** Whether the file is still there. @throws ClawError `journal-lost` */
  readonly check: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const slot = 512;

/** The name of a journal, which signatures cover so that nothing of one passes for another's. */
export type JournalName = readonly [kind: string, id: string];

/** Makes the head of a journal that is still empty, and sees to it that its place on the disk is taken. */
export async function createHead(path: string, name: JournalName, key: StateKey): Promise<void> {
  const empty = lineOf({ records: 0, last: '' }, name, key);
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await writeAt(file, Buffer.concat([empty, empty]), 0);
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** @throws ClawError `journal-damaged` where there is no head that this key has signed */
export async function readHead(path: string, name: JournalName, key: StateKey): Promise<Head> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const what = error.code === 'ENOENT' ? 'is missing' : `cannot be read: ${error.code}`;
    throw damaged(`${path} ${what}, so nobody can say how far the journal went`);
  });
  const lines = text.split('\n').map(parsed);
  const heads = lines.filter((line) => line !== undefined && line.mac === macOf(line, name, key));
  const [best] = heads.toSorted((a, b) => (b?.records ?? 0) - (a?.records ?? 0));
  if (best !== undefined) return best;
  const other = lines.find((line) => line !== undefined && line.key !== key.id);
  throw damaged(
    other === undefined
      ? `${path} was altered`
      : `${path} was signed with another key (${other.key}) than the one that is here (${key.id})`,
  );
}

/** Opens the head for writing when the journal goes on. */
export function headFile(path: string, name: JournalName, key: StateKey): HeadFile {
  let opened: Promise<FileHandle> | undefined;
  let turn = 0;
  return {
    async advance(head) {
      try {
        opened ??= open(path, 'r+');
        const file = await opened;
        await assertThere(file, path, 2 * slot);
        await writeAt(file, lineOf(head, name, key), (turn % 2) * slot);
        turn += 1;
      } catch (error) {
        throw unwritable(path, error);
      }
    },
    async check() {
      const file = await opened?.catch(() => undefined);
      if (file !== undefined) await assertThere(file, path, 2 * slot);
    },
    async close() {
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}

/** The error for a journal that cannot be trusted. */
export function damaged(message: string, cause?: unknown): ClawError {
  return new ClawError('journal-damaged', message, {
    hint: 'nothing is rolled back or resumed on its word; `claw-run rollback RUN --trusted-part` goes by the records before the damage, the rest has to be looked at by hand',
    ...(cause === undefined ? {} : { cause }),
  });
}

type HeadLine = Head & { readonly key: string; readonly mac: string };

function lineOf(head: Head, name: JournalName, key: StateKey): Buffer {
  const line: Omit<HeadLine, 'mac'> = { records: head.records, last: head.last, key: key.id };
  const text = JSON.stringify({ ...line, mac: macOf(line, name, key) });
  return Buffer.from(`${text.padEnd(slot - 1)}\n`);
}

function macOf({ records, last }: Head, name: JournalName, key: StateKey): string {
  return key.sign('head', [...name, records, last]);
}

function parsed(text: string): HeadLine | undefined {
  try {
    return JSON.parse(text) as HeadLine;
  } catch {
    return undefined;
  }
}
