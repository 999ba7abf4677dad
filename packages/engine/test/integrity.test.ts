import {
  appendFile,
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRedactor, Secret } from '@claw-run/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJournalStore, type JournalRecord, type JournalStore } from '../src/index.ts';

const run = 'r1';
const stamp = { at: '2026-01-01T00:00:00Z', run } as const;
let folder: string;
let state: { path: string; keyFile: string };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-run-integrity-'));
  state = { path: join(folder, 'state'), keyFile: join(folder, 'config', 'state.key') };
});
afterEach(() => rm(folder, { recursive: true }));

const store = (): JournalStore => createJournalStore(state);
const inRun = (name: string, id = run) => join(state.path, 'runs', id, name);

/** A record that is on the disk when it was appended, or need not be; with a secret, or something that was seen on a target. */
function record(at: number, kind: 'durable' | 'loose' | 'secret' | 'seen'): JournalRecord {
  const id = `step${at}`;
  switch (kind) {
    case 'durable':
      return { ...stamp, type: 'step.reverted', id, outcome: 'reverted', because: 'so' };
    case 'loose':
      return { ...stamp, type: 'step.verified', id, because: `secret text ${at}` };
    case 'secret':
      return { ...stamp, type: 'fact', id, value: new Secret(`hidden away ${at}`) as never };
    case 'seen':
      return {
        ...stamp,
        type: 'action.intended',
        id,
        key: `${run}/${id}/0`,
        action: { do: 'write', path: '/x', content: `seen ${at}\n` },
      };
  }
}

async function write(records: readonly JournalRecord[], id = run): Promise<void> {
  const journal = await store().create(id);
  for (const each of records) await journal.append(each);
  await journal.close();
}

async function read(id = run): Promise<readonly JournalRecord[]> {
  const journal = await store().open(id);
  await journal.close();
  return journal.records;
}

/** How far the lines of a file go: room that was reserved stands behind them. */
function used(bytes: Buffer): number {
  return bytes.lastIndexOf('\n') + 1;
}

const some = ['seen', 'secret', 'loose', 'durable', 'seen', 'durable'] as const;

it('what was written is read, and nothing of it stands there in clear', async () => {
  const records = some.map((kind, at) => record(at, kind));
  await write(records);
  expect(await read()).toEqual(records);
  const stored = await Promise.all(
    ['journal.jsonl', 'sealed.jsonl'].map((name) => readFile(inRun(name), 'utf8')),
  );
  expect(stored.join('')).not.toMatch(/hidden away|seen 0/);
});

describe('a crash', () => {
  it('at any moment leaves a journal that opens, and goes on', async () => {
    const kinds = fc.array(fc.constantFrom('durable', 'loose', 'secret', 'seen'), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(kinds, fc.nat(), fc.nat(), fc.nat(), async (all, a, b, c) => {
        await rm(state.path, { recursive: true, force: true });
        const journal = await store().create(run);
        const moments: { records: number; head: Buffer; durable: number }[] = [];
        const sizes: number[] = [0];
        let durable = 0;
        for (const [at, kind] of all.entries()) {
          await journal.append(record(at, kind));
          const size = used(await readFile(inRun('journal.jsonl')));
          sizes.push(size);
          if (kind === 'durable' || kind === 'seen') durable = size;
          moments.push({ records: at + 1, head: await readFile(inRun('head')), durable });
        }
        await journal.close();
        const moment = moments[a % moments.length]!;
        const whole = await readFile(inRun('journal.jsonl'));
        const cut = moment.durable + (b % (whole.length - moment.durable + 1));
        await writeFile(inRun('head'), moment.head);
        await writeFile(inRun('journal.jsonl'), whole.subarray(0, cut));
        await appendFile(inRun('journal.jsonl'), ['', '{"seq"', '\0\0\0', '\0\0\n'][c % 4]!);
        await appendFile(inRun('sealed.jsonl'), ['', '{"id":"00', '{"id":"ab","iv'][c % 3]!);
        const kept = sizes.filter((size) => size <= cut).length - 1;
        const again = await store().open(run);
        await again.take();
        expect(again.records).toEqual(all.slice(0, kept).map((kind, at) => record(at, kind)));
        await again.append(record(90, 'secret'));
        await again.append(record(91, 'durable'));
        await again.close();
        expect(await read()).toEqual([...again.records, record(90, 'secret'), record(91, 'durable')]);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['nothing', []],
    ['a head', ['head']],
    ['an empty journal', ['head', 'journal.jsonl']],
    ['half a record', ['head', 'journal.jsonl', 'half']],
    ['an owner that is dead', ['owner']],
  ])('that leaves a folder with %s and no record leaves a run that can be begun', async (_, files) => {
    await mkdir(inRun(''), { recursive: true, mode: 0o700 });
    for (const name of files) if (name !== 'half') await writeFile(inRun(name), '');
    if (files.includes('half')) await appendFile(inRun('journal.jsonl'), '{"seq":0,"prev":""');
    await write([record(0, 'durable'), record(1, 'secret')]);
    expect(await read()).toEqual([record(0, 'durable'), record(1, 'secret')]);
    await expect(store().create(run)).rejects.toMatchObject({ code: 'locked' });
    expect(await read()).toEqual([record(0, 'durable'), record(1, 'secret')]);
  });

  it('while a journal is only read changes nothing, whoever writes to it meanwhile', async () => {
    const journal = await store().create(run);
    await journal.append(record(0, 'durable'));
    await appendFile(inRun('journal.jsonl'), '{"half a line');
    const before = await readFile(inRun('journal.jsonl'));
    await read();
    expect(await readFile(inRun('journal.jsonl'))).toEqual(before);
    await journal.append(record(1, 'durable'));
    await journal.close();
    expect(await read()).toEqual([record(0, 'durable'), record(1, 'durable')]);
  });
});

describe('whoever can write the state folder, without the key,', () => {
  beforeEach(() => write(some.map((kind, at) => record(at, kind))));
  const lines = async () => (await readFile(inRun('journal.jsonl'), 'utf8')).trimEnd().split('\n');
  const put = (all: readonly string[]) =>
    writeFile(inRun('journal.jsonl'), all.map((line) => `${line}\n`).join(''));
  const damaged = (message: RegExp) =>
    expect(read()).rejects.toMatchObject({
      code: 'journal-damaged',
      message: expect.stringMatching(message),
    });

  it('cannot cut the end off, however much of it', async () => {
    const all = await lines();
    for (let keep = all.length - 1; keep >= 0; keep -= 1) {
      await put(all.slice(0, keep));
      await damaged(
        keep === all.length - 1 ? /its last record is missing/ : /its last \d records are missing/,
      );
    }
  });

  it('cannot alter a record, the last one neither', async () => {
    const all = await lines();
    for (const [at, line] of all.entries()) {
      await put(all.with(at, line.replace('step', 'stop')));
      await damaged(new RegExp(`journal.jsonl:${at + 1}: the record was altered`));
    }
  });

  it('cannot take the head away, alter it, or put that of another run there', async () => {
    const head = await readFile(inRun('head'), 'utf8');
    await write([record(0, 'durable')], 'r2');
    await rm(inRun('head'));
    await damaged(/head is missing, so nobody can say how far the journal went/);
    await writeFile(inRun('head'), head.replaceAll(/"records":\d/g, '"records":1'));
    await damaged(/head was altered/);
    await cp(inRun('head', 'r2'), inRun('head'));
    await damaged(/head was altered/);
  });

  it('cannot pass the journal of another run for this one', async () => {
    await write([record(0, 'durable')], 'r2');
    for (const name of ['journal.jsonl', 'head']) await cp(inRun(name), inRun(name, 'r2'));
    await expect(read('r2')).rejects.toMatchObject({ code: 'journal-damaged' });
  });

  it('cannot take away, alter or exchange what is sealed', async () => {
    await write([record(7, 'secret')], 'r2');
    const sealed = await readFile(inRun('sealed.jsonl'), 'utf8');
    await rm(inRun('sealed.jsonl'));
    await damaged(/sealed.jsonl: what is sealed as \w+ is missing/);
    for (const text of [sealed.slice(0, -20), '']) {
      await writeFile(inRun('sealed.jsonl'), text);
      await damaged(/sealed.jsonl: what is sealed as \w+ is missing/);
    }
    const foreign = await readFile(inRun('sealed.jsonl', 'r2'), 'utf8');
    for (const text of [
      'garbage\n',
      '[]\n',
      '{}\n',
      'null\n',
      foreign,
      sealed.replace(/"data":"./, '"data":"!'),
    ]) {
      await writeFile(inRun('sealed.jsonl'), text);
      await damaged(/sealed.jsonl:1: what is sealed there was altered, or is another run's/);
    }
  });
});

describe('the key', () => {
  it('is for its owner alone, and is not in the state folder', async () => {
    await write([record(0, 'durable')]);
    expect((await readFile(state.keyFile)).length).toBe(32);
  });

  it('that is empty counts as none for a new run', async () => {
    await write([record(0, 'durable')]);
    await truncate(state.keyFile);
    await expect(read()).rejects.toMatchObject({
      code: 'journal-damaged',
      message: `the key ${state.keyFile} is empty, so nothing that was kept with it can be trusted`,
    });
    await write([record(0, 'durable')], 'r2');
    expect(await read('r2')).toEqual([record(0, 'durable')]);
    await expect(read()).rejects.toMatchObject({ message: expect.stringMatching(/signed with another key/) });
  });

  it('that is missing or damaged is said to be, for what it is', async () => {
    await write([record(0, 'durable')]);
    await rm(state.keyFile);
    await expect(read()).rejects.toMatchObject({
      code: 'journal-damaged',
      message: expect.stringMatching(/is missing/),
    });
    await writeFile(state.keyFile, 'short', { mode: 0o600 });
    await expect(read()).rejects.toMatchObject({
      code: 'journal-damaged',
      message: expect.stringMatching(/5 bytes/),
    });
    await expect(write([record(0, 'durable')], 'r2')).rejects.toMatchObject({
      code: 'journal-damaged',
      hint: expect.stringMatching(/^put it back from a backup; or give up .*: mv /),
    });
  });

  it('is one, however many begin at once', async () => {
    const ids = Array.from({ length: 8 }, (_, at) => `r${at + 1}`);
    await Promise.all(ids.map((id) => write([record(0, 'secret')], id)));
    for (const id of ids) expect(await read(id)).toHaveLength(1);
  });
});

describe('a place that others can change', () => {
  const untrusted = (why: RegExp, fix: RegExp) => ({
    code: 'untrusted',
    message: expect.stringMatching(why),
    hint: expect.stringMatching(fix),
  });
  beforeEach(() => write([record(0, 'secret')]));

  it.each([
    ['the state folder', () => state.path],
    ['the folder of runs', () => join(state.path, 'runs')],
    ['the folder of the run', () => inRun('')],
    ['the journal', () => inRun('journal.jsonl')],
    ['what is sealed', () => inRun('sealed.jsonl')],
    ['the head', () => inRun('head')],
    ['the key', () => state.keyFile],
    ['the folder of the key', () => join(folder, 'config')],
  ])('is not used: %s', async (_what, pathOf) => {
    const path = pathOf().replace(/\/$/, '');
    await chmod(path, 0o777);
    const error = untrusted(
      /is not used: others can write .* \(mode 777\)/,
      new RegExp(`^chmod go-w ${path}$`),
    );
    await expect(read()).rejects.toMatchObject(error);
  });

  it('is a key that others can read, too', async () => {
    await chmod(state.keyFile, 0o644);
    await expect(read()).rejects.toMatchObject(untrusted(/others can read it \(mode 644\)/, /^chmod 600 /));
  });

  it('is found before anything is done', async () => {
    await chmod(state.path, 0o777);
    await expect(store().check()).rejects.toMatchObject({ code: 'untrusted' });
    await expect(store().create('r2')).rejects.toMatchObject({ code: 'untrusted' });
  });

  it('is found behind a link', async () => {
    const open = join(folder, 'open');
    await cp(state.path, open, { recursive: true });
    await chmod(open, 0o777);
    await rm(state.path, { recursive: true });
    await symlink('open', state.path);
    await expect(read()).rejects.toMatchObject({ code: 'untrusted' });
  });

  it('may be a sticky folder, where nobody can exchange what is ours', async () => {
    await chmod(folder, 0o1777);
    expect(await read()).toHaveLength(1);
  });
});

it('a secret that looks like a mark of ours comes back as what it was', async () => {
  const odd = [{ $secret: 'x' }, { $text: 1 }, { $json: { id: 'y' } }, { a: { $object: {} } }];
  const records = odd.map((value, at): JournalRecord => ({ ...stamp, type: 'fact', id: `f${at}`, value }));
  await write(records);
  expect(await read()).toEqual(records);
});

it('a text that holds a known secret is sealed, and comes back whole', async () => {
  const redactor = createRedactor();
  redactor.add(new Secret('correct horse battery'));
  const journal = await store().create(run, redactor);
  const told: JournalRecord = {
    ...stamp,
    type: 'step.waiting',
    id: 'a',
    because: 'it said correct horse battery!',
  };
  await journal.append(told);
  await journal.close();
  expect(await readFile(inRun('journal.jsonl'), 'utf8')).not.toContain('horse');
  expect(await read()).toEqual([told]);
});
