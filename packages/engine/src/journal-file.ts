import { statSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClawError, createRedactor, type Redactor, systemReason } from '@claw-run/core';
import type { JournalRecord } from './event.ts';
import type { FleetRecord } from './fleet-record.ts';
import { createHead, damaged, headFile, type JournalName, readHead } from './head-file.ts';
import { lineOf, readLines, trustedLines } from './journal-line.ts';
import { roomFor, tryRoom } from './journal-room.ts';
import { isDurable, type Journal, type JournalStore, type Journals } from './journal-store.ts';
import { logFile, makeFolder, readLog, unbegun, unwritable } from './log-file.ts';
import { ownedBy } from './owned-error.ts';
import { type Ownership, ownerAt, takeOwnership } from './owner-file.ts';
import { runIndex } from './run-index.ts';
import { summaryOf } from './run-summary.ts';
import { openSeal } from './seal.ts';
import { placeOfYourOwn, readStateKey, type StateKey, unless } from './state-key.ts';
import { assertTrusted } from './trusted-path.ts';

/** Where journals are kept, and the file with the key that signs and seals them, which had better not lie beside them. */
export interface StateFolder {
  readonly path: string;
  readonly keyFile: string;
}

/**
 * Keeps journals under a folder (made when missing, for its owner alone): JSON lines, each signed together with the one before. Where a path alone is
 * given, the key is beside the folder: `PATH.key`.
 */
export function createJournalStore(place: string | StateFolder): JournalStore {
  const state = typeof place === 'string' ? { path: place, keyFile: `${place}.key` } : place;
  const index = runIndex(join(state.path, 'index.jsonl'), (run) => join(state.path, 'runs', run));
  const key = () => readStateKey(state.keyFile);
  return {
    ...journalsIn<JournalRecord>(state, 'run', {
      open: index.open,
      close: (run, records, by) => index.keep([summaryOf(run, records)], by),
    }),
    fleets: journalsIn<FleetRecord>(state, 'fleet'),
    summaries: {
      // where there is no key, all is read from the journals, which say so
      read: async () => key().then(index.read, () => new Map()),
      keep: async (summaries) => key().then((by) => index.keep(summaries, by)),
      retain: index.retain,
    },
    check: async (first) => {
      await assertTrusted(state.keyFile, `the key ${state.keyFile}`, { instead: placeOfYourOwn });
      const runs = join(state.path, 'runs');
      await assertTrusted(runs, `the state folder ${state.path}`, { instead: placeOfYourOwn });
      if (first === undefined) return;
      await readStateKey(state.keyFile, { make: true });
      await tryRoom(runs, first);
    },
  };
}

/** Is told when a journal becomes this process's own, and what it holds when it is given up. */
interface Watch<R> {
  readonly open: (id: string, key: StateKey) => Promise<void>;
  readonly close: (id: string, records: readonly R[], key: StateKey) => Promise<void>;
}

function journalsIn<R extends Typed>(
  { path: folder, keyFile }: StateFolder,
  what: 'run' | 'fleet',
  watch?: Watch<R>,
): Journals<R> {
  const all = join(folder, `${what}s`);
  const folderOf = (id: string) => {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(id))
      throw new ClawError('run-unknown', `${JSON.stringify(id)} is not the id of a ${what}`);
    return join(all, id);
  };
  return {
    async create(id, redactor = createRedactor()) {
      const path = folderOf(id);
      await assertTrusted(path, `the state folder ${folder}`, { instead: placeOfYourOwn });
      const key = await readStateKey(keyFile, { make: true });
      await makeFolder(all).catch((error: unknown) => {
        throw unbegun(all, error);
      });
      await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw unbegun(path, error);
      });
      const taken = await takeOwnership(join(path, 'owner')).catch((error: unknown) => {
        throw unbegun(path, error);
      });
      const isOurs = 'taken' in taken && (await clearUnbegun(path));
      if ('taken' in taken && !isOurs) await taken.taken.release();
      if ('by' in taken || !isOurs)
        throw new ClawError('locked', `${what} ${id} was begun by somebody else meanwhile`, {
          hint: `see how it went: claw-run runs ${id}`,
        });
      try {
        await Promise.all([createHead(join(path, 'head'), [what, id], key), syncFolder(all)]);
        await writeFile(join(path, 'journal.jsonl'), '', { mode: 0o600 });
        await syncFolder(path);
        await watch?.open(id, key);
        return await openJournal<R>(path, [what, id], { key, redactor, owned: taken.taken, watch });
      } catch (error) {
        await rm(path, { recursive: true, force: true }).catch(() => undefined);
        await taken.taken.release();
        throw unbegun(path, error);
      }
    },
    async open(id, redactor = createRedactor()) {
      const path = folderOf(id);
      if (!isJournal(path)) throw unknownRun(what, id);
      for (const file of ['journal.jsonl', 'sealed.jsonl', 'head'])
        await assertTrusted(join(path, file), `the journal of ${what} ${id}`, { instead: placeOfYourOwn });
      return openJournal<R>(path, [what, id], { key: await readStateKey(keyFile), redactor, watch });
    },
    async salvage(id, redactor = createRedactor()) {
      const path = folderOf(id);
      if (!isJournal(path)) throw unknownRun(what, id);
      await assertTrusted(join(path, 'journal.jsonl'), `the journal of ${what} ${id}`, {
        instead: placeOfYourOwn,
      });
      const key = await readStateKey(keyFile);
      const taken = await owned(path, id);
      try {
        const part = await trustedPart<R>(path, [what, id], { key, redactor });
        const aside = join(path, `damaged-${Date.now()}`);
        await mkdir(aside, { mode: 0o700 });
        for (const name of ['journal.jsonl', 'sealed.jsonl', 'head'])
          await rename(join(path, name), join(aside, name)).catch(unless('ENOENT'));
        await createHead(join(path, 'head'), [what, id], key);
        await writeFile(join(path, 'journal.jsonl'), '', { mode: 0o600 });
        const journal = await openJournal<R>(path, [what, id], { key, redactor, owned: taken, watch });
        const lost = `${part.lost}; what it was is kept in ${aside}`;
        const last = { type: 'journal.salvaged', at: new Date().toISOString(), run: id, lost };
        const records = [...part.records, last as unknown as R];
        for (const record of records) await journal.append(record);
        return { ...journal, records };
      } catch (error) {
        await taken.release();
        throw unwritable(path, error);
      }
    },
    async list() {
      const names = await readdir(all).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw new ClawError('journal-damaged', `${all} cannot be read: ${systemReason(error)}`, {
          cause: error,
        });
      });
      return names.filter((name) => isJournal(join(all, name))).sort();
    },
    async remove(id) {
      const path = folderOf(id);
      await assertTrusted(path, `the journal of ${what} ${id}`, { instead: placeOfYourOwn });
      const taken = await owned(path, id);
      try {
        // what must not be read goes first
        await rm(join(path, 'sealed.jsonl'), { force: true });
        await rm(path, { recursive: true });
        await syncFolder(all);
      } catch (error) {
        throw unwritable(path, error);
      } finally {
        await taken.release();
      }
    },
  };
}

function unknownRun(what: string, id: string): ClawError {
  return new ClawError('run-unknown', `there is no ${what} ${id}`, {
    hint: '`claw-run runs` lists those there are',
  });
}

/** @throws ClawError `locked` where a living process has it */
async function owned(path: string, id: string): Promise<Ownership> {
  const result = await takeOwnership(join(path, 'owner'));
  if ('by' in result) throw new ClawError('locked', ownedBy(id, result.by));
  return result.taken;
}

/** The records from the first on that are signed and whose sealed values are there. */
async function trustedPart<R>(
  path: string,
  name: JournalName,
  { key, redactor }: { key: StateKey; redactor: Redactor },
): Promise<{ readonly records: readonly R[]; readonly lost: string }> {
  const file = join(path, 'journal.jsonl');
  const raws = await readLog(file);
  const lines = trustedLines(raws, { name, key });
  const seal = await openSeal(join(path, 'sealed.jsonl'), { name, key, redactor, lenient: true });
  const records: R[] = [];
  for (const { record } of lines) {
    try {
      records.push(seal.unseal(record) as R);
    } catch {
      break;
    }
  }
  await seal.close({ ours: false });
  const head = await readHead(join(path, 'head'), name, key).catch(() => undefined);
  if (records.length === 0) throw damaged(`no record of ${file} can be trusted`);
  const all = Math.max(raws.length, head?.records ?? 0);
  const lost =
    head === undefined
      ? `how many records ${name.join(' ')} had is not known: ${records.length} are trusted`
      : `${all - records.length} of ${all} records of ${name.join(' ')} are not believed`;
  return { records, lost };
}

/** Whether nothing was ever kept in a folder: its maker died before the first record, on whose word alone anything is done. What it left is removed. */
async function clearUnbegun(path: string): Promise<boolean> {
  if ((await readLog(join(path, 'journal.jsonl'))).length > 0) return false;
  for (const name of ['head', 'journal.jsonl', 'sealed.jsonl']) await rm(join(path, name), { force: true });
  return true;
}

type Typed = { readonly type: string };

async function openJournal<R extends Typed>(
  path: string,
  name: JournalName,
  {
    key,
    redactor,
    owned,
    watch,
  }: { key: StateKey; redactor: Redactor; owned?: Ownership; watch?: Watch<R> | undefined },
): Promise<Journal<R>> {
  const ownerPath = join(path, 'owner');
  let ownership = owned;
  let files = await openFiles<R>(path, name, { key, redactor });
  const appended: R[] = [];
  let isRefused = false;
  let queue: Promise<void> = Promise.resolve();
  const write = async (record: R) => {
    if (ownership === undefined) throw new Error(`${name.join(' ')} was opened to be read`);
    try {
      await ownership.check();
    } catch (error) {
      await files.check();
      throw error;
    }
    try {
      await files.write(record);
    } catch (error) {
      isRefused = files.records.length + appended.length === 0;
      throw error;
    }
    appended.push(record);
  };
  return {
    get records() {
      return files.records;
    },
    async take(options) {
      if (ownership !== undefined) return undefined;
      const result = await takeOwnership(ownerPath, options);
      if ('by' in result) return result.by;
      try {
        await files.close({ ours: false });
        files = await openFiles<R>(path, name, { key, redactor });
        await files.reserve({ again: true });
      } catch (error) {
        // gives back what was reserved on a disk that is full
        await files.close({ ours: true });
        await result.taken.release();
        throw error;
      }
      ownership = result.taken;
      await watch?.open(name[1], key);
      return undefined;
    },
    owner: () => ownerAt(ownerPath),
    append(record) {
      queue = queue.then(() => write(record));
      return queue;
    },
    async close() {
      await queue.catch(() => {});
      const ours = await ownership
        ?.check()
        .then(() => files.check())
        .then(
          () => true,
          () => false,
        );
      await files.close({ ours: ours === true });
      // what took no record is no run
      if (ours === true && isRefused) await rm(path, { recursive: true, force: true }).catch(() => undefined);
      if (ours === true && !isRefused) await watch?.close(name[1], [...files.records, ...appended], key);
      await ownership?.release();
      ownership = undefined;
    },
  };
}

/** The files of one journal, as they are when they are opened. */
async function openFiles<R extends Typed>(
  path: string,
  name: JournalName,
  { key, redactor }: { key: StateKey; redactor: Redactor },
) {
  const file = join(path, 'journal.jsonl');
  const headPath = join(path, 'head');
  const reached = await readHead(headPath, name, key);
  const lines = readLines(await readLog(file), { file, name, key, reached });
  const seal = await openSeal(join(path, 'sealed.jsonl'), { name, key, redactor });
  const records = lines.map(({ record }) => seal.unseal(record) as R);
  const log = logFile(
    file,
    lines.map(({ raw }) => raw),
  );
  const head = headFile(headPath, name, key);
  let count = lines.length;
  let last = lines.at(-1)?.mac ?? '';
  let first = lines[0]?.raw.length ?? 0;
  const reserve = async ({ again }: { again: boolean }) => {
    const bytes = roomFor(first);
    // a run that was killed on a full disk left what it had reserved
    const enough = again ? bytes / 2 : bytes;
    // one after the other: the journal must not go without because what is sealed took the last
    await log.reserve(bytes, enough);
    await seal.reserve(bytes, again ? 0 : bytes);
  };
  return {
    records,
    /** Takes room for what is still to come, by what was planned: it must not be the full disk that keeps a change from being rolled back. */
    reserve,
    async check() {
      await Promise.all([log.check(), head.check()]);
    },
    async write(record: R) {
      try {
        const line = lineOf({ seq: count, prev: last, record: await seal.seal(record) }, name, key);
        const sync = isDurable(record);
        await log.append(`${line.raw}\n`, { sync });
        if (count === 0) {
          first = line.raw.length;
          await reserve({ again: false });
        }
        last = line.mac;
        if (sync) await head.advance({ records: count + 1, last });
        count += 1;
      } catch (error) {
        throw count === 0 ? unbegun(path, error) : error;
      }
    },
    async close(how: { ours: boolean }) {
      await Promise.all([log.close(how), head.close(), seal.close(how)]);
    },
  };
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync();
  await folder.close();
}

/** Whether there is a journal in a folder: one that cannot be looked at is damaged, not unknown. */
function isJournal(path: string): boolean {
  try {
    return statSync(join(path, 'journal.jsonl'), { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOTDIR';
  }
}
