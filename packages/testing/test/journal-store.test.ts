import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClawError, secretsIn } from '@claw-run/core';
import {
  createJournalStore,
  hasEnded,
  type Journal,
  type JournalOwner,
  type JournalStore,
  type Journals,
  thisProcess,
} from '@claw-run/engine';
import { onTestFinished } from 'vitest';
import { describeJournalStoreContract } from '../src/index.ts';

describeJournalStoreContract('journals in files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-journals-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const state = join(folder, 'state');
  const file = (run: string) => join(state, 'runs', run, 'journal.jsonl');
  return {
    connect: () => createJournalStore(state),
    tear: (run) => appendFile(file(run), '{"seq":4,"prev":"ab'),
    async alter(run) {
      const text = await readFile(file(run), 'utf8');
      await writeFile(file(run), text.replace('filea', 'fileb'));
    },
    async kept() {
      const entries = await readdir(state, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      return (
        await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')))
      ).join('\n');
    },
  };
});

describeJournalStoreContract('journals in memory', async () => {
  const all = { runs: new Map(), fleets: new Map() };
  return {
    connect: () =>
      ({ ...inMemory(all.runs), fleets: inMemory(all.fleets), check: async () => {} }) as JournalStore,
  };
});

/** Records never leave the process, so nothing is sealed or signed. */
function inMemory<R>(kept: Map<string, { records: R[]; owner?: JournalOwner | undefined }>): Journals<R> {
  const journalOf = (id: string, made?: JournalOwner): Journal<R> => {
    const place = kept.get(id) ?? { records: [] };
    let records = [...place.records];
    let own = made;
    return {
      get records() {
        return records;
      },
      async take({ force = false } = {}) {
        const by = place.owner;
        if (by !== undefined && !force && (await hasEnded(by)) !== true) return by;
        own = await thisProcess();
        if (place.owner !== by) return place.owner;
        place.owner = own;
        records = [...place.records];
        return undefined;
      },
      owner: async () => place.owner,
      async append(record) {
        if (own === undefined || place.owner !== own) throw new ClawError('lock-lost', 'it was taken over');
        place.records.push(record);
      },
      async close() {
        if (own !== undefined && place.owner === own) place.owner = undefined;
      },
    };
  };
  const checked = (id: string) => {
    if (!/^[a-z][\w-]*$/i.test(id)) throw new ClawError('run-unknown', `${JSON.stringify(id)} is not an id`);
  };
  return {
    async create(id) {
      checked(id);
      const owner = await thisProcess();
      if (kept.has(id)) throw new ClawError('locked', `${id} was begun by somebody else`);
      kept.set(id, { records: [], owner });
      return journalOf(id, owner);
    },
    async open(id, redactor) {
      checked(id);
      const place = kept.get(id);
      if (place === undefined) throw new ClawError('run-unknown', `there is no ${id}`);
      for (const secret of secretsIn(place.records)) redactor?.add(secret);
      return journalOf(id);
    },
    list: async () => [...kept.keys()].toSorted(),
  };
}
