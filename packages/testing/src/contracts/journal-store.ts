import { createRedactor, defineState, fileFact, type Runbook, Secret } from '@claw-run/core';
import {
  type FleetRecord,
  isDurable,
  type Journal,
  type JournalRecord,
  type JournalStore,
  noCounts,
  resume,
  run,
  unattended,
  undoRun,
} from '@claw-run/engine';
import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Crash, crashClasses, crashingStore } from '../crash.ts';
import { memoryHost } from './memory-host.ts';

/** A place for journals, new and empty for each test. */
export interface JournalPlace {
  /** The store of that place as a process that has just begun would open it: what was not kept is not there. */
  readonly connect: () => JournalStore | Promise<JournalStore>;
  /** Leaves half of a record behind the last of a run, as a crash in the middle of writing does; absent where that cannot be. */
  readonly tear?: ((run: string) => Promise<void>) | undefined;
  /** Alters a record of a run in the middle, as somebody might who can write there but has no key; absent where nobody can. */
  readonly alter?: ((run: string) => Promise<void>) | undefined;
  /** All that is kept, as whoever can read the place sees it; absent where nobody can. */
  readonly kept?: (() => Promise<string>) | undefined;
}

const at = '2026-01-01T00:00:00.000Z';
const run1 = 'r20260101t000000-aaaaaa';
const secret = 'correct horse battery staple';

/** What every store of journals must do. `placeOf` is called before each test; who made the place clears it away. */
export function describeJournalStoreContract(name: string, placeOf: () => Promise<JournalPlace>): void {
  describe(name, () => {
    let place: JournalPlace;
    beforeEach(async () => {
      place = await placeOf();
    });
    const recordsOf = async (run: string) => {
      const journal = await (await place.connect()).open(run);
      await journal.close();
      return journal.records;
    };

    it('says that it can keep journals', async () => {
      await (await place.connect()).check();
    });

    it('gives records back in order and as they were, secrets too, to whoever opens it later', async () => {
      const records = [...recordsOf1, ...notes(5)];
      const journal = await created(await place.connect());
      expect(journal.records).toEqual([]);
      for (const record of records) await journal.append(record);
      await journal.close();
      expect(revealed(await recordsOf(run1))).toEqual(revealed(records));
    });

    it('keeps the order of what is appended at once', async () => {
      const journal = await created(await place.connect());
      await Promise.all(notes(30).map((record) => journal.append(record)));
      await journal.close();
      expect(await recordsOf(run1)).toEqual(notes(30));
    });

    it('has kept what is durable, and all before it, once append returns: nobody closes it in a crash', async () => {
      const journal = await created(await place.connect());
      const before = notes(2).map((record) => journal.append(record));
      const last = recordsOf1.filter(isDurable).at(-1) as JournalRecord;
      await journal.append(last);
      expect(revealed(await recordsOf(run1))).toEqual(revealed([...notes(2), last]));
      await Promise.all(before);
      await journal.close();
    });

    it('goes on behind what is there', async () => {
      const first = await created(await place.connect());
      for (const record of notes(3)) await first.append(record);
      await first.close();
      const second = await taken(await place.connect());
      await second.append(resumed);
      expect(second.records).toEqual(notes(3));
      await second.close();
      expect(await recordsOf(run1)).toEqual([...notes(3), resumed]);
    });

    it('can be read while somebody writes: a beginning of it', async () => {
      const journal = await created(await place.connect());
      const writing = Promise.all(notes(40).map((record) => journal.append(record)));
      const read = await recordsOf(run1);
      expect(read).toEqual(notes(40).slice(0, read.length));
      await writing;
      await journal.append(recordsOf1.at(-1) as JournalRecord);
      expect(await recordsOf(run1)).toHaveLength(41);
      await journal.close();
    });

    it('leaves out a last record that was cut off, and goes on from there', async ({ skip }) => {
      const { tear } = place;
      if (tear === undefined) return skip('no record can be cut off here');
      const journal = await created(await place.connect());
      for (const record of recordsOf1) await journal.append(record);
      await journal.close();
      await tear(run1);
      const again = await taken(await place.connect());
      expect(revealed(again.records)).toEqual(revealed(recordsOf1));
      await again.append(resumed);
      await again.close();
      expect(revealed(await recordsOf(run1))).toEqual(revealed([...recordsOf1, resumed]));
    });

    it('says so where a record was altered', async ({ skip }) => {
      const { alter } = place;
      if (alter === undefined) return skip('nobody can alter a record here');
      const journal = await created(await place.connect());
      for (const record of recordsOf1) await journal.append(record);
      await journal.close();
      await alter(run1);
      await expect(recordsOf(run1)).rejects.toMatchObject({ code: 'journal-damaged' });
    });

    describe('belongs to one process', () => {
      it('to the one that made it, until that closes it', async () => {
        const journal = await created(await place.connect());
        await journal.append(recordsOf1[0] as JournalRecord);
        const other = await (await place.connect()).open(run1);
        expect(await other.take()).toMatchObject({ pid: process.pid });
        expect(await other.owner()).toMatchObject({ pid: process.pid });
        await expect(other.append(resumed)).rejects.toThrow();
        await journal.append(recordsOf1[1] as JournalRecord);
        await journal.close();
        expect(await other.owner()).toBeUndefined();
        expect(await other.take()).toBeUndefined();
        await other.close();
      });

      it('who takes it has all that was appended until then, and goes on behind it', async () => {
        const journal = await created(await place.connect());
        const early = await (await place.connect()).open(run1);
        expect(early.records).toEqual([]);
        for (const record of notes(3)) await journal.append(record);
        await journal.close();
        expect(await early.take()).toBeUndefined();
        expect(early.records).toEqual(notes(3));
        await early.append(resumed);
        await early.close();
        expect(await recordsOf(run1)).toEqual([...notes(3), resumed]);
      });

      it('of many that take it at once, one gets it', async () => {
        await (await created(await place.connect())).close();
        const all = await Promise.all(
          Array.from({ length: 8 }, async () => (await place.connect()).open(run1)),
        );
        const by = await Promise.all(all.map((each) => each.take()));
        expect(by.filter((each) => each === undefined)).toHaveLength(1);
        const appended = await Promise.allSettled(all.map((each) => each.append(resumed)));
        expect(appended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        await Promise.all(all.map((each) => each.close()));
        expect(await recordsOf(run1)).toEqual([resumed]);
      });

      it('where it is taken by force, the other one appends nothing more', async () => {
        const journal = await created(await place.connect());
        await journal.append(recordsOf1[0] as JournalRecord);
        const other = await (await place.connect()).open(run1);
        expect(await other.take({ force: true })).toBeUndefined();
        await other.append(resumed);
        await expect(journal.append(recordsOf1[1] as JournalRecord)).rejects.toMatchObject({
          code: 'lock-lost',
        });
        await journal.close();
        await other.append(notes(1)[0] as JournalRecord);
        await other.close();
        expect(revealed(await recordsOf(run1))).toEqual(revealed([recordsOf1[0], resumed, ...notes(1)]));
      });
    });

    it('shows nobody secrets, nor what targets hold, and tells secrets to who opens a journal', async ({
      skip,
    }) => {
      const redactor = createRedactor();
      redactor.add(new Secret(secret));
      const journal = await created(await place.connect(), run1, redactor);
      for (const record of recordsOf1) await journal.append(record);
      await journal.close();
      const knows = createRedactor();
      const again = await (await place.connect()).open(run1, knows);
      await again.close();
      expect(knows.holds(`it is ${secret}`)).toBe(true);
      if (place.kept === undefined) return skip('nobody can read here');
      const text = await place.kept();
      expect(text).not.toBe('');
      for (const hidden of [secret, 'the old content', 'the new content']) expect(text).not.toContain(hidden);
    });

    describe.each(['runs', 'fleets'] as const)('of %s', (kind) => {
      const id = kind === 'runs' ? run1 : 'f20260101t000000-aaaaaa';
      const journalsOf = async () => {
        const store = await place.connect();
        return (kind === 'runs' ? store : store.fleets) as JournalStore['fleets'];
      };
      const record: FleetRecord = {
        type: 'host.ended',
        at,
        run: id,
        host: 'a',
        hostRun: `${id}-1`,
        status: 'ok',
        changes: 0,
        counts: noCounts,
        problems: [],
      };

      it('an id is taken once, however many ask for it at once', async () => {
        const asked = await Promise.allSettled(
          Array.from({ length: 5 }, async () => (await journalsOf()).create(id)),
        );
        const won = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
        expect(won).toHaveLength(1);
        for (const one of asked)
          if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'locked' });
        await won[0]?.append(record);
        await won[0]?.close();
        await expect((await journalsOf()).create(id)).rejects.toMatchObject({ code: 'locked' });
        const journal = await (await journalsOf()).open(id);
        expect(journal.records).toEqual([record]);
        await journal.close();
      });

      it('what is not there, or is no id, is unknown', async () => {
        for (const wrong of [id, '../../etc/passwd', '', 'a/b', "x' or '1'='1"])
          await expect((await journalsOf()).open(wrong)).rejects.toMatchObject({ code: 'run-unknown' });
        await expect((await journalsOf()).create('../x')).rejects.toMatchObject({ code: 'run-unknown' });
        expect(await (await journalsOf()).list()).toEqual([]);
      });

      it('all are listed, the oldest first, and none of the other kind', async () => {
        const ids = ['20260301t000000-b', '20260101t000000-c', '20260201t000000-a'].map(
          (rest) => `${id[0]}${rest}`,
        );
        for (const each of ids) {
          const journal = await (await journalsOf()).create(each);
          await journal.append(record);
          await journal.close();
        }
        expect(await (await journalsOf()).list()).toEqual(ids.toSorted());
        const store = await place.connect();
        expect(await (kind === 'runs' ? store.fleets : store).list()).toEqual([]);
      });
    });

    it('a run that is killed anywhere is resumed to its goal from it, and rolled back to its start', async () => {
      const whole = await begun();
      const journal = await (await place.connect()).open(whole.run);
      await journal.close();
      const classes = crashClasses(journal.records);
      expect(classes.length).toBeGreaterThan(5);
      for (const { points } of classes) {
        const [point] = points;
        if (point === undefined) continue;
        for (const then of ['resume', 'undo'] as const) {
          const killed = await begun(point);
          expect(killed.crashed).toBe(true);
          if (!(await (await place.connect()).list()).includes(killed.run)) {
            expect(killed.files()).toEqual(start);
            continue;
          }
          const past = await (await place.connect()).open(killed.run);
          if (!past.records.some(({ type }) => type === 'journal.opened')) {
            await past.close();
            expect(killed.files()).toEqual(start);
            continue;
          }
          const store = await place.connect();
          const options = { ...killed.options, journals: store, journal: past };
          const outcome =
            then === 'resume'
              ? await resume(options)
              : await undoRun({ ...options, definition: () => content });
          expect({ point, then, ...outcome }).toMatchObject({ status: 'ok', problems: [] });
          expect({ point, then, files: killed.files() }).toEqual({
            point,
            then,
            files: then === 'resume' ? goal : start,
          });
        }
      }
    });

    let runs = 0;
    const begun = async (point?: Parameters<typeof crashingStore>[1]) => {
      const host = memoryHost();
      for (const [path, text] of Object.entries(start)) host.files.set(path, text);
      const store = await place.connect();
      runs += 1;
      const id = `r20260101t000000-${String(runs).padStart(6, '0')}`;
      const options = {
        runbook,
        connections: { host: host.connection },
        decisions: unattended,
        who: 'tester@contract',
      };
      const identity = { run: id, startedAt: at };
      const journals = point === undefined ? store : crashingStore(store, point);
      const crashed = await run({ ...options, journals, identity }).then(
        () => false,
        (error: unknown) => {
          if (error instanceof Crash) return true;
          throw error;
        },
      );
      return { run: id, crashed, options, files: () => Object.fromEntries(host.files) };
    };
  });
}

/** The journal of a run, ours to go on with. */
async function taken(store: JournalStore, run = run1): Promise<Journal> {
  const journal = await store.open(run);
  expect(await journal.take()).toBeUndefined();
  return journal;
}

function created(store: JournalStore, run = run1, redactor = createRedactor()): Promise<Journal> {
  return store.create(run, redactor);
}

const content = defineState({
  id: 'contract.content',
  on: 'host',
  summary: 'A file has a content',
  risk: 'routine',
  input: z.strictObject({ path: z.string(), text: z.string() }),
  examples: [{ title: 'A', with: { path: '/a', text: 'a' } }],
  facts: ({ path }) => ({ text: fileFact({ path, parse: (file) => file?.content ?? null }) }),
  desire: ({ text }) => ({ text }),
  actions: (from, to, { path }) => {
    if (from.text === to.text) return [];
    return to.text === null ? [{ do: 'remove', path }] : [{ do: 'write', path, content: to.text }];
  },
});

const start = { '/a': 'the old content' };
const goal = { '/a': 'the new content', '/b': 'more' };

const runbook: Runbook = {
  name: 'contract',
  title: 'Two files',
  fixes: [],
  symptoms: [],
  params: [],
  targets: [{ name: 'host', kind: 'host', many: false }],
  lookups: [],
  causes: [],
  steps: Object.entries(goal).map(([path, text]) => ({
    id: `file${path.slice(1)}`,
    name: `The file ${path}`,
    uses: content,
    on: 'host',
    with: () => ({ path, text }),
    needs: [],
  })),
  verify: [],
  onFailure: 'stop',
  sources: { 'contract.yaml': 'runbook: contract\n' },
};

const step = {
  id: 'filea',
  name: 'The file /a',
  uses: 'contract.content',
  on: 'host',
  with: { path: '/a', text: 'as wanted' },
  plan: { plan: 'settled', because: 'an example' },
} as const;

/** One of each kind that resume and rollback go by. */
const recordsOf1: readonly JournalRecord[] = [
  {
    type: 'journal.opened',
    at,
    run: run1,
    version: 1,
    runbook: 'contract',
    startedAt: at,
    who: 'tester@contract',
    sources: runbook.sources,
    params: { password: new Secret(secret), list: [new Secret(secret)], none: null },
    bindings: { host: { kind: 'host', where: 'local' } },
    facts: { 'ü\n': '\u0000' },
    causes: {},
    steps: [],
    proofs: [],
  },
  {
    type: 'step.observed',
    at,
    run: run1,
    id: 'filea',
    phase: 'steps',
    step,
    before: { text: 'the old content', password: new Secret(secret) },
    after: { text: 'the new content' },
  },
  {
    type: 'action.intended',
    at,
    run: run1,
    id: 'filea',
    key: `${run1}/filea/0`,
    action: { do: 'write', path: '/a', content: new Secret(`the new content, ${secret}`) },
  },
  {
    type: 'action.ended',
    at,
    run: run1,
    id: 'filea',
    key: `${run1}/filea/0`,
    result: { said: [1, true, null] },
  },
];

const resumed: JournalRecord = { type: 'journal.resumed', at, run: run1, who: 'tester@contract' };

function notes(count: number): readonly JournalRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    type: 'step.waiting',
    at,
    run: run1,
    id: 'filea',
    because: `for the ${index}. time`,
  }));
}

/** Records with their secrets open, to be compared. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return { secret: value.reveal() };
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, revealed(each)]));
}
