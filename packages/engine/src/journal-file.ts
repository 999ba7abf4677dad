import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, stat, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ClawError, createRedactor, type Redactor } from '@claw-run/core';
import type { JournalRecord } from './event.ts';
import { openSeal } from './seal.ts';

/** The write-ahead record of one run. */
export interface Journal {
  /** What it held when it was opened. */
  readonly records: readonly JournalRecord[];
  /** Appends a record. One that undo or resume depends on is on the disk when this returns. */
  readonly append: (record: JournalRecord) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The journals of a machine: a folder of folders, one a run. */
export interface JournalStore {
  readonly create: (run: string, redactor?: Redactor) => Promise<Journal>;
  /** @throws ClawError `run-unknown`, or `journal-damaged` where a record was altered or lost */
  readonly open: (run: string, redactor?: Redactor) => Promise<Journal>;
  /** Ids of all runs, the oldest first. */
  readonly list: () => Promise<readonly string[]>;
}

type Line = { readonly seq: number; readonly prev: string; readonly record: unknown; readonly hash: string };

/** Records whose loss would leave a change that nobody knows of. */
const durable: ReadonlySet<string> = new Set([
  'journal.opened',
  'step.observed',
  'action.intended',
  'action.ended',
  'step.reverted',
  'run.ended',
]);

const start = '0'.repeat(64);

/** Keeps journals under `folder` (made when missing, for its owner alone): JSON lines, each with the hash of the one before. */
export function createJournalStore(folder: string): JournalStore {
  const runFolder = (run: string) => {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(run))
      throw new ClawError('run-unknown', `${JSON.stringify(run)} is not the id of a run`);
    return join(folder, 'runs', run);
  };
  return {
    async create(run, redactor = createRedactor()) {
      const path = runFolder(run);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await mkdir(path, { mode: 0o700 });
      await syncFolder(dirname(path));
      return openJournal(folder, path, redactor);
    },
    async open(run, redactor = createRedactor()) {
      const path = runFolder(run);
      if (!(await exists(join(path, 'journal.jsonl')))) {
        throw new ClawError('run-unknown', `there is no run ${run}`, {
          hint: '`claw-run runs` lists those there are',
        });
      }
      return openJournal(folder, path, redactor);
    },
    async list() {
      const names = await readdir(join(folder, 'runs')).catch(() => []);
      const present = await Promise.all(
        names.map(async (name) =>
          (await exists(join(folder, 'runs', name, 'journal.jsonl'))) ? [name] : [],
        ),
      );
      return present.flat().sort();
    },
  };
}

async function openJournal(folder: string, path: string, redactor: Redactor): Promise<Journal> {
  const name = join(path, 'journal.jsonl');
  const lines = await readLines(name);
  const seal = await openSeal(path, join(folder, 'seal.key'), redactor);
  const file = await open(name, 'a', 0o600);
  await syncFolder(path);
  let seq = lines.length;
  let prev = lines.at(-1)?.hash ?? start;
  let queue: Promise<void> = Promise.resolve();
  const write = async (record: JournalRecord) => {
    const sealed = await seal.seal(record);
    const body = { seq, prev, record: sealed };
    const hash = hashOf(body);
    await file.write(`${JSON.stringify({ ...body, hash })}\n`);
    seq += 1;
    prev = hash;
    if (durable.has(record.type)) await file.datasync();
  };
  return {
    records: lines.map((line) => seal.unseal(line.record) as JournalRecord),
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
