import { appendFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRedactor, Secret } from '@claw-run/core';
import { expect, it } from 'vitest';
import { createJournalStore, foldJournal } from '../src/index.ts';
import { runbookOf, step, useBench } from './support/bench.ts';
import { password, setting } from './support/steps.ts';

const bench = useBench();
const runbook = runbookOf({ steps: [step('one', setting, { name: 'kept', value: '1' })] });

async function journalOf(run: string): Promise<{ path: string; text: string }> {
  const path = join(bench().folder, 'runs', run, 'journal.jsonl');
  return { path, text: await readFile(path, 'utf8') };
}

async function finished(): Promise<string> {
  await bench().remove('kept');
  const { outcome } = await bench().go(runbook);
  expect(outcome).toMatchObject({ status: 'ok', problems: [] });
  return outcome.run;
}

it('folders are of mode 700 and files of mode 600', async () => {
  const run = await finished();
  const modeOf = async (...path: readonly string[]) =>
    ((await stat(join(bench().folder, ...path))).mode & 0o777).toString(8);
  expect({
    runs: await modeOf('runs'),
    run: await modeOf('runs', run),
    journal: await modeOf('runs', run, 'journal.jsonl'),
    head: await modeOf('runs', run, 'head'),
    key: await modeOf('../journals.key'),
  }).toEqual({ runs: '700', run: '700', journal: '600', head: '600', key: '600' });
});

it('each line bears the signature of the one before and its own', async () => {
  const { text } = await journalOf(await finished());
  let prev = '';
  for (const [seq, line] of text.trimEnd().split('\n').entries()) {
    const { mac, ...body } = JSON.parse(line) as { seq: number; prev: string; mac: string };
    expect(body).toMatchObject({ seq, prev });
    expect(mac).toMatch(/^[0-9a-f]{64}$/);
    prev = mac;
  }
});

it.each([
  [
    'altered',
    (lines: readonly string[]) =>
      lines.map((line, at) => (at === 2 ? line.replace('"seq":2', '"seq":2,"more":1') : line)),
  ],
  ['lost', (lines: readonly string[]) => lines.toSpliced(2, 1)],
  ['exchanged', (lines: readonly string[]) => lines.with(2, lines[3]!).with(3, lines[2]!)],
  ['added', (lines: readonly string[]) => lines.toSpliced(2, 0, lines[1]!)],
  ['not JSON', (lines: readonly string[]) => lines.with(2, 'oops')],
])('a record that was %s is found, at its line', async (_what, damage) => {
  const run = await finished();
  const { path, text } = await journalOf(run);
  await writeFile(path, `${damage(text.trimEnd().split('\n')).join('\n')}\n`);
  await expect(bench().journals.open(run)).rejects.toMatchObject({
    code: 'journal-damaged',
    message: `${path}:3: the record was altered, or one before it is missing`,
  });
});

it('a last line that was cut off is dropped, and the journal goes on from there', async () => {
  const run = await finished();
  const { path, text } = await journalOf(run);
  await appendFile(path, '{"seq":99,"prev":"ab');
  const journal = await bench().journals.open(run);
  await journal.take();
  expect(journal.records).toHaveLength(text.trimEnd().split('\n').length);
  await journal.append({ type: 'journal.resumed', at: '2026-01-01T00:00:00Z', run, who: 'tester@bench' });
  await journal.close();
  const again = await bench().journals.open(run);
  expect(again.records.at(-1)).toMatchObject({ type: 'journal.resumed', who: 'tester@bench' });
  await again.close();
});

it('a run that is not there is told so, whatever its name', async () => {
  for (const run of ['nowhere', '../../etc', '', '.', 'a/b']) {
    await expect(bench().journals.open(run)).rejects.toMatchObject({ code: 'run-unknown' });
  }
});

it('runs are listed the oldest first, and a folder that is no run is not', async () => {
  const store = createJournalStore(join(bench().folder, 'other'));
  expect(await store.list()).toEqual([]);
  for (const run of ['20260102-b', '20260101-a']) await (await store.create(run)).close();
  await mkdir(join(bench().folder, 'other', 'runs', 'empty'));
  expect(await store.list()).toEqual(['20260101-a', '20260102-b']);
});

it('a journal tells what was planned, done and seen', async () => {
  const run = await finished();
  const journal = await bench().journals.open(run);
  await journal.close();
  expect(journal.records.map(({ type }) => type)).toEqual([
    'journal.opened',
    'run.started',
    'step.planned',
    'run.confirmed',
    'step.started',
    'step.observed',
    'action.intended',
    'action.ended',
    'step.verified',
    'run.ended',
  ]);
  expect(foldJournal(journal.records)).toMatchObject({
    ended: 'ok',
    reverting: false,
    begun: [
      {
        id: 'one',
        verified: true,
        before: { value: null, there: false },
        after: { value: '1', there: true },
      },
    ],
  });
});

it('no secret is in the journal in any encoding, and undoing gives it back all the same', async () => {
  const [old, fresh] = ['battery staple: old', 'correct "horse" ü/+'];
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  const ref = { apiVersion: 'v1', kind: 'Secret', name: 'sealed', namespace: 'default' };
  const { apiVersion, kind, ...metadata } = ref;
  await bench().put({ apiVersion, kind, metadata, type: 'Opaque', data: { value: encoded(old) } });
  const param = new Secret(fresh);
  const secrets = runbookOf({
    steps: [
      step('set', password, ({ params }) => ({ name: 'sealed', value: params.password })),
      step('tell', setting, ({ params }) => ({
        name: 'told',
        value: `uses ${(params.password as Secret).reveal()}`,
      })),
    ],
  });
  const redactor = createRedactor();
  const { outcome } = await bench().go(secrets, { params: { password: param }, redactor });
  expect(outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(await bench().get(ref)).toMatchObject({ data: { value: encoded(fresh) } });
  const { text } = await journalOf(outcome.run);
  const sealed = await readFile(join(bench().folder, 'runs', outcome.run, 'sealed.jsonl'), 'utf8');
  for (const secret of [old, fresh]) {
    const forms = [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      encoded(secret),
      encoded(encoded(secret)),
      Buffer.from(secret).toString('hex'),
      Buffer.from(secret).toString('base64url'),
    ];
    for (const form of forms) expect(`${text}${sealed}`.includes(form), form).toBe(false);
  }
  expect((await bench().undo(secrets, outcome.run)).outcome).toMatchObject({ status: 'ok', problems: [] });
  expect(await bench().get(ref)).toMatchObject({ data: { value: encoded(old) } });
  expect(await bench().text('told')).toBeUndefined();
});
