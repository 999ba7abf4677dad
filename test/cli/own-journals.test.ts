import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describeJournalStoreContract } from '@claw-run/testing';
import { ClawError, planRunbook, resumePastRun, runRunbook, undoPastRun } from 'claw-run';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sqliteJournals } from '../../examples/05-own-journals.ts';
import { poster, room } from './fixtures/rooms.ts';
import { fixtures, startProcess } from './support/claw-run.ts';

const rooms = join(fixtures, 'rooms.yaml');
const names = ['one', 'two', 'three'];

async function folderOfOwn(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-own-journals-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describeJournalStoreContract('journals in SQLite', async () => {
  const folder = await folderOfOwn();
  const file = join(folder, 'journals.db');
  const write = (sql: string, ...values: readonly string[]) => {
    const database = new DatabaseSync(file);
    const { changes } = database.prepare(sql).run(...values);
    database.close();
    expect(changes).toBe(1);
  };
  return {
    connect: () => sqliteJournals(file, join(folder, 'key')),
    alter: async (run) =>
      write("UPDATE lines SET line = replace(line, 'filea', 'fileb') WHERE id = ? AND seq = 1", run),
    async kept() {
      const files = (await readdir(folder)).filter((name) => name.startsWith('journals.db'));
      return (await Promise.all(files.map((name) => readFile(join(folder, name), 'latin1')))).join('\n');
    },
  };
});

/** Rooms, and a database for journals. */
async function place() {
  const folder = await folderOfOwn();
  for (const name of names) await mkdir(join(folder, name));
  const database = join(folder, 'journals.db');
  const keyFile = join(folder, 'key');
  const env = { PATH: process.env.PATH, HOME: folder, CLAW_ROOMS: folder };
  const options = async () => ({
    journals: await sqliteJournals(database, keyFile),
    transports: [room],
    library: [poster],
    env,
    yes: true,
  });
  const posters = () =>
    Promise.all(names.map((name) => readFile(join(folder, name, 'poster'), 'utf8').catch(() => null)));
  const killed = (hosts: string, side: 'before' | 'after', number: number) =>
    startProcess(
      [process.execPath, join(fixtures, 'killed-run.ts'), database, keyFile, hosts, side, String(number)],
      { cwd: folder, env },
    ).ended;
  return { folder, options, posters, killed };
}

describe('a run with journals of one’s own', () => {
  test('is planned, done and rolled back, and leaves nothing in the usual place', async () => {
    const { folder, options, posters } = await place();
    const targets = { rooms: 'room://one' };
    expect(await planRunbook(rooms, { ...(await options()), targets })).toMatchObject({ status: 'ok' });
    expect(await (await options()).journals.list()).toEqual([]);
    const { run, status } = await runRunbook(rooms, { ...(await options()), targets });
    expect({ status, posters: await posters() }).toEqual({ status: 'ok', posters: ['hello', null, null] });
    expect(await (await options()).journals.list()).toEqual([run]);
    await expect(
      undoPastRun(run, { ...(await options()), journals: undefined } as never),
    ).rejects.toMatchObject({
      code: 'run-unknown',
    });
    expect(await undoPastRun(run, await options())).toMatchObject({ status: 'ok' });
    expect(await posters()).toEqual([null, null, null]);
    expect((await readdir(folder)).toSorted()).toEqual(
      [
        ...(await readdir(folder)).filter((name) => name.startsWith('journals.db')),
        'key',
        ...names,
      ].toSorted(),
    );
  });

  test.each(['before', 'after'] as const)(
    'killed %s its action, is resumed and rolled back',
    async (side) => {
      const { options, posters, killed } = await place();
      expect(await killed('room://one', side, 1)).toMatchObject({ signal: 'SIGKILL', stderr: '' });
      expect(await posters()).toEqual([side === 'before' ? null : 'hello', null, null]);
      const [run = ''] = await (await options()).journals.list();
      expect(await resumePastRun(run, await options())).toMatchObject({ status: 'ok', run });
      expect(await posters()).toEqual(['hello', null, null]);
      expect(await undoPastRun(run, await options())).toMatchObject({ status: 'ok' });
      expect(await posters()).toEqual([null, null, null]);
    },
  );

  test('killed half way, is rolled back from there', async () => {
    const { options, posters, killed } = await place();
    await killed('room://one', 'after', 1);
    const [run = ''] = await (await options()).journals.list();
    expect(await undoPastRun(run, await options())).toMatchObject({ status: 'ok' });
    expect(await posters()).toEqual([null, null, null]);
  });

  test('of a fleet, too: killed on its second host, it goes on with all, and all are rolled back', async () => {
    const { options, posters, killed } = await place();
    const hosts = names.map((name) => `room://${name}`).join(',');
    expect(await killed(hosts, 'before', 2)).toMatchObject({ signal: 'SIGKILL', stderr: '' });
    expect(await posters()).toEqual(['hello', null, null]);
    const [fleet = ''] = await (await options()).journals.fleets.list();
    const failed = await planRunbook(rooms, { ...(await options()), hosts, limit: '@failed' });
    expect(failed.hosts?.map(({ host }) => host)).toEqual(['room://two', 'room://three']);
    const outcome = await resumePastRun(fleet, await options());
    expect(outcome).toMatchObject({ status: 'ok', problems: [] });
    expect(await posters()).toEqual(['hello', 'hello', 'hello']);
    expect(await undoPastRun(fleet, await options())).toMatchObject({ status: 'ok' });
    expect(await posters()).toEqual([null, null, null]);
  });

  test('does nothing where they cannot be kept', async () => {
    const { options, posters } = await place();
    const given = await options();
    const refusing = {
      ...given.journals,
      check: () => Promise.reject(new ClawError('journal-unwritable', 'the database is read-only')),
    };
    const targets = { rooms: 'room://one' };
    await expect(runRunbook(rooms, { ...given, targets, journals: refusing })).rejects.toMatchObject({
      code: 'journal-unwritable',
    });
    expect(await posters()).toEqual([null, null, null]);
    expect(await planRunbook(rooms, { ...given, targets, journals: refusing })).toMatchObject({
      status: 'ok',
    });
  });
});
