import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { ClawError, createRedactor, type Redactor } from '@claw-run/core';
import type { JournalRecord } from './event.ts';
import type { FleetRecord } from './fleet-record.ts';
import { openSeal } from './seal.ts';

/** The write-ahead record of one run, or of what the runs of a fleet have in common. */
export interface Journal<R = JournalRecord> {
  /** What it held when it was opened. */
  readonly records: readonly R[];
  /** Appends a record. One that undo or resume depends on is on the disk when this returns. */
  readonly append: (record: R) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Journals of one kind: a folder of folders, one for each. */
export interface Journals<R> {
  /** @throws ClawError `locked` where there is one already */
  readonly create: (id: string, redactor?: Redactor) => Promise<Journal<R>>;
  /** @throws ClawError `run-unknown`, or `journal-damaged` where a record was altered or lost */
  readonly open: (id: string, redactor?: Redactor) => Promise<Journal<R>>;
  /** Ids of all, the oldest first. */
  readonly list: () => Promise<readonly string[]>;
}

/** The journals of a machine: those of runs, and those of fleets. */
export interface JournalStore extends Journals<JournalRecord> {
  readonly fleets: Journals<FleetRecord>;
}

type Line = { readonly seq: number; readonly prev: string; readonly record: unknown; readonly hash: string };

/** Records whose loss would leave a change that nobody knows of. */
const durable: ReadonlySet<string> = new Set([
  'journal.opened',
  'fleet.opened',
  'step.observed',
  'action.intended',
  'action.ended',
  'step.reverted',
  'run.ended',
]);

const start = '0'.repeat(64);

/** Keeps journals under `folder` (made when missing, for its owner alone): JSON lines, each with the hash of the one before. */
export function createJournalStore(folder: string): JournalStore {
  return { ...journalsIn<JournalRecord>(folder, 'run'), fleets: journalsIn<FleetRecord>(folder, 'fleet') };
}

function journalsIn<R extends Typed>(folder: string, what: 'run' | 'fleet'): Journals<R> {
  const all = join(folder, `${what}s`);
  const folderOf = (id: string) => {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(id))
      throw new ClawError('run-unknown', `${JSON.stringify(id)} is not the id of a ${what}`);
    return join(all, id);
  };
  return {
    async create(id, redactor = createRedactor()) {
      const path = folderOf(id);
      await mkdir(all, { recursive: true, mode: 0o700 });
      await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
        throw new ClawError('locked', `${what} ${id} was begun by somebody else meanwhile`, {
          hint: `see how it went: claw-run runs ${id}`,
        });
      });
      await syncFolder(all);
      return openJournal<R>(folder, path, redactor);
    },
    async open(id, redactor = createRedactor()) {
      const path = folderOf(id);
      if (!(await exists(join(path, 'journal.jsonl')))) {
        throw new ClawError('run-unknown', `there is no ${what} ${id}`, {
          hint: '`claw-run runs` lists those there are',
        });
      }
      return openJournal<R>(folder, path, redactor);
    },
    async list() {
      const names = await readdir(all).catch(() => []);
      const present = await Promise.all(
        names.map(async (name) => ((await exists(join(all, name, 'journal.jsonl'))) ? [name] : [])),
      );
      return present.flat().sort();
    },
  };
}

type Typed = { readonly type: string };

async function openJournal<R extends Typed>(
  folder: string,
  path: string,
  redactor: Redactor,
): Promise<Journal<R>> {
  const name = join(path, 'journal.jsonl');
  const lines = await readLines(name);
  const seal = await openSeal(path, join(folder, 'seal.key'), redactor);
  const file = await open(name, 'a', 0o600);
  await syncFolder(path);
  let seq = lines.length;
  let prev = lines.at(-1)?.hash ?? start;
  let queue: Promise<void> = Promise.resolve();
  const write = async (record: R) => {
    const sealed = await seal.seal(record);
    const body = { seq, prev, record: sealed };
    const hash = hashOf(body);
    await file.write(`${JSON.stringify({ ...body, hash })}\n`);
    seq += 1;
    prev = hash;
    if (durable.has(record.type)) await file.datasync();
  };
  return {
    records: lines.map((line) => seal.unseal(line.record) as R),
    append(record) {
      queue = queue.then(() => write(record));
      return queue;
    },
    async close() {
      await queue;
      await file.close();
      await seal.close();
    },
  };
}

/** Reads and checks the chain. A last line that was cut off by a crash is dropped: nothing was done on its word yet. */
async function readLines(path: string): Promise<readonly Line[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  if (complete.length < text.length) await truncate(path, Buffer.byteLength(complete));
  let prev = start;
  return complete
    .split('\n')
    .slice(0, -1)
    .map((raw, seq) => {
      const line = parseLine(raw);
      const { hash, ...body } = line ?? { hash: '' };
      if (line === undefined || line.seq !== seq || line.prev !== prev || hashOf(body) !== hash) {
        throw new ClawError(
          'journal-damaged',
          `${path}:${seq + 1}: the record was altered, or one before it is missing`,
          {
            hint: 'what the run changed has to be looked at by hand; records up to this line can be trusted',
          },
        );
      }
      prev = line.hash;
      return line;
    });
}

function parseLine(raw: string): Line | undefined {
  try {
    return JSON.parse(raw) as Line;
  } catch {
    return undefined;
  }
}

function hashOf(body: object): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync();
  await folder.close();
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
