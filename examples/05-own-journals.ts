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
  type Journal,
  type JournalRecord,
  type JournalStore,
  type Journals,
  journalCodec,
  type Redactor,
  readStateKey,
  runRunbook,
  type StateKey,
  startPracticeCluster,
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
    CREATE TABLE IF NOT EXISTS journals (kind TEXT, id TEXT, PRIMARY KEY (kind, id)) STRICT;
    CREATE TABLE IF NOT EXISTS lines (kind TEXT, id TEXT, seq INTEGER, line TEXT NOT NULL, PRIMARY KEY (kind, id, seq)) STRICT;
  `);
  return {
    ...journalsIn<JournalRecord>(database, 'run', key),
    fleets: journalsIn<FleetRecord>(database, 'fleet', key),
    check: async () => void database.prepare('SELECT count(*) FROM journals').get(),
  };
}

function journalsIn<R>(database: DatabaseSync, kind: 'run' | 'fleet', key: StateKey): Journals<R> {
  const insert = database.prepare('INSERT INTO journals VALUES (?, ?) ON CONFLICT DO NOTHING');
  const append = database.prepare('INSERT INTO lines VALUES (?, ?, ?, ?)');
  const linesOf = database.prepare('SELECT line FROM lines WHERE kind = ? AND id = ? ORDER BY seq');
  const known = database.prepare('SELECT 1 FROM journals WHERE kind = ? AND id = ?');
  const ids = database.prepare('SELECT id FROM journals WHERE kind = ? ORDER BY id');

  const journalOf = (id: string, redactor: Redactor | undefined): Journal<R> => {
    const codec = journalCodec<R>(kind, id, { key, redactor });
    const records = codec.decode(linesOf.all(kind, id).map(({ line }) => String(line)));
    let seq = records.length;
    let failed: ClawError | undefined;
    return {
      records,
      async append(record) {
        if (failed !== undefined) throw failed;
        try {
          // two that write to one journal would want the same place: the second one fails
          append.run(kind, id, seq, codec.encode(record));
          seq += 1;
        } catch (cause) {
          failed = new ClawError('journal-unwritable', `the journal of ${id} cannot be written: ${cause}`, {
            cause,
          });
          throw failed;
        }
      },
      close: () => Promise.resolve(),
    };
  };
  const checked = (id: string) => {
    if (!/^[A-Za-z0-9][\w.-]*$/.test(id))
      throw new ClawError('run-unknown', `${JSON.stringify(id)} is not the id of a ${kind}`);
  };
  return {
    async create(id, redactor) {
      checked(id);
      if (insert.run(kind, id).changes === 0)
        throw new ClawError('locked', `${kind} ${id} was begun by somebody else meanwhile`);
      return journalOf(id, redactor);
    },
    async open(id, redactor) {
      checked(id);
      if (known.get(kind, id) === undefined) throw new ClawError('run-unknown', `there is no ${kind} ${id}`);
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
