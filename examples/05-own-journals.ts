// A place for journals of your own: a table of SQLite, which several machines could not share; a database that they can is written to the same way. What a
// run did is resumed and rolled back from there.
//
//   node examples/05-own-journals.ts
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import {
  ClawError,
  type FleetRecord,
  hasEnded,
  type Journal,
  type JournalRecord,
  type JournalStore,
  type Journals,
  journalCodec,
  ownerOf,
  type Redactor,
  readStateKey,
  runRunbook,
  type StateKey,
  startPracticeCluster,
  thisProcess,
  undoPastRun,
} from 'claw-run';

/** Opens the journals in a database. The key, which seals and signs them, is kept elsewhere. */
export async function sqliteJournals(file: string, keyFile: string): Promise<JournalStore> {
  const key = await readStateKey(keyFile, { make: true });
  const database = new DatabaseSync(file, { timeout: 10_000 });
  database.exec('PRAGMA journal_mode = WAL');
  // a commit is on the disk when it returns
  database.exec('PRAGMA synchronous = FULL');
  database.exec(`
    CREATE TABLE IF NOT EXISTS journals (kind TEXT, id TEXT, owner TEXT, PRIMARY KEY (kind, id)) STRICT;
    CREATE TABLE IF NOT EXISTS lines (kind TEXT, id TEXT, seq INTEGER, line TEXT NOT NULL, PRIMARY KEY (kind, id, seq)) STRICT;
  `);
  return {
    ...journalsIn<JournalRecord>(database, 'run', key),
    fleets: journalsIn<FleetRecord>(database, 'fleet', key),
    check: async () => void database.prepare('SELECT count(*) FROM journals').get(),
  };
}

function journalsIn<R>(database: DatabaseSync, kind: 'run' | 'fleet', key: StateKey): Journals<R> {
  const insert = database.prepare('INSERT INTO journals VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  const ownerOfJournal = database.prepare('SELECT owner FROM journals WHERE kind = ? AND id = ?');
  const hand = database.prepare('UPDATE journals SET owner = ? WHERE kind = ? AND id = ? AND owner IS ?');
  // only who has the journal appends to it, checked and done in one go
  const append = database.prepare(
    'INSERT INTO lines SELECT ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM journals WHERE kind = ? AND id = ? AND owner = ?)',
  );
  const linesOf = database.prepare('SELECT line FROM lines WHERE kind = ? AND id = ? ORDER BY seq');
  const ids = database.prepare('SELECT id FROM journals WHERE kind = ? ORDER BY id');

  const read = (id: string, redactor: Redactor | undefined) => {
    const codec = journalCodec<R>(kind, id, { key, redactor });
    const records = codec.decode(linesOf.all(kind, id).map(({ line }) => String(line)));
    return { codec, records };
  };
  const journalOf = (id: string, redactor: Redactor | undefined, made?: string): Journal<R> => {
    let own = made;
    let { codec, records } = read(id, redactor);
    let seq = records.length;
    let failed: ClawError | undefined;
    const keep = (record: R) => {
      try {
        if (append.run(kind, id, seq, codec.encode(record), kind, id, own ?? '').changes === 1) return;
      } catch (cause) {
        throw new ClawError('journal-unwritable', `the journal of ${id} cannot be written: ${cause}`, {
          cause,
        });
      }
      throw new ClawError('lock-lost', `another process took ${id} over`);
    };
    return {
      get records() {
        return records;
      },
      async take({ force = false } = {}) {
        const mine = JSON.stringify(await thisProcess());
        for (;;) {
          const { owner } = ownerOfJournal.get(kind, id) as { owner: string | null };
          const by = ownerOf(owner ?? '');
          // a process on another machine is taken for alive: an operator who knows better says --break-lock
          if (by !== undefined && !force && (await hasEnded(by)) !== true) return by;
          if (hand.run(mine, kind, id, owner).changes === 1) break;
        }
        own = mine;
        ({ codec, records } = read(id, redactor));
        seq = records.length;
        return undefined;
      },
      async owner() {
        const { owner } = ownerOfJournal.get(kind, id) as { owner: string | null };
        const by = ownerOf(owner ?? '');
        return by === undefined || (await hasEnded(by)) === true ? undefined : by;
      },
      async append(record) {
        if (failed !== undefined) throw failed;
        try {
          keep(record);
          seq += 1;
        } catch (error) {
          failed = error as ClawError;
          throw failed;
        }
      },
      async close() {
        if (own !== undefined) hand.run(null, kind, id, own);
      },
    };
  };
  const checked = (id: string) => {
    if (!/^[A-Za-z0-9][\w.-]*$/.test(id))
      throw new ClawError('run-unknown', `${JSON.stringify(id)} is not the id of a ${kind}`);
  };
  return {
    async create(id, redactor) {
      checked(id);
      const own = JSON.stringify(await thisProcess());
      if (insert.run(kind, id, own).changes === 0)
        throw new ClawError('locked', `${kind} ${id} was begun by somebody else meanwhile`);
      return journalOf(id, redactor, own);
    },
    async open(id, redactor) {
      checked(id);
      if (ownerOfJournal.get(kind, id) === undefined)
        throw new ClawError('run-unknown', `there is no ${kind} ${id}`);
      return journalOf(id, redactor);
    },
    list: async () => ids.all(kind).map(({ id }) => String(id)),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-example-'));
  const practice = await startPracticeCluster(['rbac']);
  try {
    const journals = await sqliteJournals(join(folder, 'journals.db'), join(folder, 'key'));
    const options = { kubeconfig: practice.kubeconfig, bin: practice.bin, journals };
    const { run, status } = await runRunbook('runbooks/worker-denied.yaml', {
      ...options,
      params: { namespace: 'production' },
      yes: true,
    });
    console.log(`${status}; ${(await journals.list()).length} run kept`);
    console.log(`rolled back: ${(await undoPastRun(run, options)).status}`);
  } finally {
    await practice.close();
    await rm(folder, { recursive: true, force: true });
  }
}
