import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createJournalStore } from '@claw-run/engine';
import { expect, test } from 'vitest';
import { eventsOf, makePlace, normal, type Place } from './support/claw-run.ts';

const runbook = (folder: string, steps: string) => `runbook: some
version: 1
title: Some
description: For lists of runs.
targets: { box: { kind: host, default: local } }
steps:
  - { id: one, uses: linux.file, with: { path: ${join(folder, 'one')}, content: "x\\n" } }
${steps}`;

async function runsIn(place: Place): Promise<{ folder: string; list: () => Promise<readonly string[]> }> {
  const folder = join(place.folder, 'state', 'claw-run');
  return { folder, list: () => readdir(join(folder, 'runs')) };
}

test('a run that a process has is followed by attach from its first event to its end, and listed as running', async () => {
  const place = await makePlace();
  const { folder, start, run } = place;
  const [file, gate] = [join(folder, 'some.yaml'), join(folder, 'go')];
  await writeFile(
    file,
    runbook(
      folder,
      `  - { id: wait, name: The gate, uses: linux.command, with: { argv: [sh, -c, "touch ${folder}/begun; until [ -e ${gate} ]; do sleep 0.05; done"] } }\n`,
    ),
  );
  const first = start([file, '--yes']);
  await expect
    .poll(() => readFile(join(folder, 'begun'), 'utf8').catch(() => null), { timeout: 20_000 })
    .toBe('');
  expect((await run(['runs'])).stdout).toMatch(/ {2}some {2}running {2}2 steps {2}\(process \d+ on .*\)\n$/);
  const human = start(['attach']);
  const json = start(['attach', '--output', 'json']);
  const left = start(['attach']);
  await Promise.all([human, json, left].map((each) => each.until('The gate')));
  left.kill('SIGINT');
  expect(await left.ended).toMatchObject({ exit: 130 });
  await writeFile(gate, '');
  expect(await first.ended).toMatchObject({ exit: 0 });
  const ended = await human.ended;
  expect(ended).toMatchObject({ exit: 0 });
  expect(normal(ended.stdout)).toContain('✓ Fixed and verified in N s: 2 changed');
  const told = await json.ended;
  expect(told).toMatchObject({ exit: 0 });
  const types = eventsOf(told.stdout).map(({ type }) => type);
  expect([types[0], types.at(-1)]).toEqual(['run.started', 'run.ended']);
  expect(types.filter((type) => type === 'action.ended')).toHaveLength(2);
  expect((await run(['attach'])).exit).toBe(0);
});

test('attach says so where the process ended before the run, and how to go on', async () => {
  const { folder, start } = await makePlace();
  const file = join(folder, 'some.yaml');
  await writeFile(
    file,
    runbook(
      folder,
      `  - { id: wait, uses: linux.command, with: { argv: [sh, -c, "touch ${folder}/begun; sleep 1"] } }\n`,
    ),
  );
  const first = start([file, '--yes']);
  await expect
    .poll(() => readFile(join(folder, 'begun'), 'utf8').catch(() => null), { timeout: 20_000 })
    .toBe('');
  const following = start(['attach']);
  await following.until('Acting');
  first.kill('SIGKILL');
  const { exit, stderr } = await following.ended;
  expect(exit).toBe(1);
  expect(normal(stderr)).toContain(
    'the process of RUN ended before the run did\n  resume: claw-run resume RUN\n  roll back: claw-run rollback RUN',
  );
});

test('a damaged, a strange and an unreadable journal hide no other', async () => {
  const place = await makePlace();
  const { folder, run } = place;
  const file = join(folder, 'some.yaml');
  await writeFile(file, runbook(folder, ''));
  for (let count = 0; count < 3; count += 1) {
    await rm(join(folder, 'one'), { force: true });
    expect((await run([file, '--yes'])).exit).toBe(0);
  }
  const { folder: state, list } = await runsIn(place);
  const [a = '', b = '', c = ''] = (await list()).toSorted();
  const journal = join(state, 'runs', a, 'journal.jsonl');
  await writeFile(journal, (await readFile(journal, 'utf8')).replace('step.started', 'step.startet'));
  await rm(join(state, 'runs', b, 'head'));
  await appendFile(join(state, 'index.jsonl'), 'no line\n{"run":1}\nnull\n');
  const { stdout, exit } = await run(['runs', '--output', 'json']);
  expect(exit).toBe(0);
  const { runs } = JSON.parse(stdout) as { runs: { run: string; status: string; problem?: string }[] };
  expect(runs.map(({ run: id, status }) => [id, status])).toEqual([
    [c, 'ok'],
    [b, 'damaged'],
    [a, 'damaged'],
  ]);
  expect(runs.map(({ problem }) => problem ?? '')).toEqual([
    '',
    expect.stringContaining('head is missing'),
    expect.stringContaining('was altered'),
  ]);
});

test('sealed values that were changed are noticed by the list like a changed journal', async () => {
  const place = await makePlace();
  const { folder, run } = place;
  const file = join(folder, 'some.yaml');
  await writeFile(file, runbook(folder, ''));
  expect((await run([file, '--yes'])).exit).toBe(0);
  const { folder: state, list } = await runsIn(place);
  const [id = ''] = await list();
  const sealed = join(state, 'runs', id, 'sealed.jsonl');
  const status = async () => / {2}some {2}(\w+) /.exec((await run(['runs'])).stdout)?.[1];
  expect(await status()).toBe('ok');
  await appendFile(sealed, 'altered\n');
  expect((await run(['runs'])).stdout).toContain(`${sealed}:1: what is sealed there was altered`);
  await writeFile(sealed, '');
  expect(await status()).toBe('ok');
});

test('prune removes runs of long ago with their secrets, and no run that is not over', async () => {
  const place = await makePlace();
  const { run } = place;
  const { folder: state, list } = await runsIn(place);
  const store = createJournalStore({
    path: state,
    keyFile: join(place.folder, '.config/claw-run/state.key'),
  });
  const at = '2026-01-01T00:00:00Z';
  const ids = ['r20260101t000000-aaaaaa', 'r20260101t000000-bbbbbb', 'r20260101t000000-cccccc'];
  for (const [index, id] of ids.entries()) {
    const journal = await store.create(id);
    await journal.append({
      ...{ type: 'journal.opened', at, run: id, version: 1, runbook: 'old', startedAt: at, who: 'me@here' },
      ...{ sources: {}, params: {}, bindings: {}, facts: {}, causes: {}, steps: [], proofs: [] },
    } as never);
    const end = { type: 'run.ended', at, run: id, status: 'ok', exit: 0, problems: [], journal: true };
    if (index !== 2) await journal.append({ ...end, counts: {} } as never);
    await journal.close();
  }
  expect(await run(['runs', 'prune'])).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('--older-than'),
  });
  expect(await run(['runs', 'prune', '--older-than', '36500d', '--yes'])).toMatchObject({
    exit: 0,
    stdout: '0 runs removed.\n',
  });
  expect(await run(['runs', 'prune', '--older-than', '30d'])).toMatchObject({
    exit: 12,
    stderr: expect.stringContaining('approval needed to remove 2 runs begun before'),
  });
  expect(await run(['runs', 'prune', '--older-than', '30d', '--keep', '2', '--yes'])).toMatchObject({
    exit: 0,
    stdout: '1 run removed.\n',
  });
  expect(await list()).toEqual(ids.slice(1));
  const indexed = async () =>
    (await readFile(join(state, 'index.jsonl'), 'utf8'))
      .split('\n')
      .map((line) => /r2026[^"]*/.exec(line)?.[0]);
  expect(await indexed()).toEqual([...ids.slice(1), undefined]);
  expect(await run(['runs', 'prune', '--older-than', '30d', '--yes', '--output', 'json'])).toMatchObject({
    exit: 0,
    stdout: `${JSON.stringify({ removed: [ids[1]], kept: [] })}\n`,
  });
  const held = await store.open(ids[2] ?? '');
  expect(await held.take()).toBeUndefined();
  expect(await run(['runs', 'prune', '--older-than', '30d', '--yes', '--force'])).toMatchObject({
    stdout: '0 runs removed.\n',
  });
  await held.close();
  expect(await run(['runs', 'prune', '--older-than', '30d', '--yes', '--force'])).toMatchObject({
    exit: 0,
    stdout: '1 run removed.\n',
  });
  expect(await list()).toEqual([]);
  expect(await indexed()).toEqual([undefined]);
});

test('a damaged journal is rolled back by its trusted part where that is asked for, which says what it leaves', async () => {
  const place = await makePlace();
  const { folder, run } = place;
  const file = join(folder, 'some.yaml');
  await writeFile(
    file,
    runbook(
      folder,
      `  - { id: two, name: The second, uses: linux.file, with: { path: ${join(folder, 'two')}, content: "x\\n" } }\n`,
    ),
  );
  expect((await run([file, '--yes'])).exit).toBe(0);
  const { folder: state, list } = await runsIn(place);
  const [id = ''] = await list();
  const journal = join(state, 'runs', id, 'journal.jsonl');
  const lines = (await readFile(journal, 'utf8')).trimEnd().split('\n');
  const at = lines.findIndex((line) => line.includes('"step.started"') && line.includes('"two"'));
  await writeFile(journal, `${lines.with(at, lines[at]?.replace('two', 'twö') ?? '').join('\n')}\n`);
  const refused = await run(['rollback', id, '--yes']);
  expect(refused).toMatchObject({ exit: 3, stderr: expect.stringContaining('--trusted-part') });
  expect(await run(['rollback', '--yes', '--trusted-part'])).toMatchObject({ exit: 2 });
  const { exit, stdout, stderr } = await run(['rollback', id, '--yes', '--trusted-part']);
  const said = `${stdout}${stderr}`.replaceAll(/\s+/g, ' ');
  expect(exit).toBe(6);
  expect(said).toContain(`${lines.length - at} of ${lines.length} records of run ${id} are not believed`);
  expect(said).toContain('these steps may have acted and were left alone: The second');
  const texts = ['one', 'two'].map((name) => readFile(join(folder, name), 'utf8').catch(() => null));
  expect(await Promise.all(texts)).toEqual([null, 'x\n']);
  expect((await run(['resume', id, '--yes'])).exit).toBe(3);
  expect((await readdir(join(state, 'runs', id))).filter((name) => name.startsWith('damaged-'))).toHaveLength(
    1,
  );
});
