import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createJournalStore } from '@claw-run/engine';
import { until } from '@claw-run/testing';
import { runRunbook, undoPastRun } from 'claw-run';
import { expect, test } from 'vitest';
import { eventsOf, fixtures, makePlace, normal } from './support/claw-run.ts';

const notes = join(fixtures, 'notes.yaml');
const told = join(fixtures, 'told.yaml');

/** A place with an inventory of three names for this machine. */
async function withHosts() {
  const place = await makePlace();
  const inventory = join(place.folder, 'hosts');
  await writeFile(inventory, 'local name=a web\nlocal name=b web\nlocal name=c db\n');
  const path = join(place.folder, 'note');
  return { ...place, path, args: [notes, '-e', `path=${path}`, '--hosts', 'hosts', '--forks', '1'] };
}

function stable(text: string): string {
  return normal(text)
    .replaceAll(/f\d{8}t\d{6}-[0-9a-f]{6}/g, 'FLEET')
    .replaceAll(/(owner|group): \S+/g, '$1: WHO');
}

test('hosts with the same plan are shown as one; nothing is touched by a dry run', async () => {
  const { run, args, path } = await withHosts();
  const { exit, stdout, stderr } = await run([...args, '--check']);
  expect({ exit, stderr, said: stable(stdout) }).toMatchInlineSnapshot(`
    {
      "exit": 0,
      "said": "The hosts have no note
    notes on 3 hosts

    a, b, c (3 hosts)
    Plan: 1 change
      1. Leave a note
         + file FOLDER/note
             content: |
               note
             mode: 0640
             owner: WHO
             group: WHO

    Hosts
      ✓ a  1 change planned
      ✓ b  1 change planned
      ✓ c  1 change planned

    ✓ 3 changes planned on 3 hosts; nothing was touched
      next: claw-run ROOT/test/cli/fixtures/notes.yaml -e path=FOLDER/note --hosts hosts -f 1
    ",
      "stderr": "",
    }
  `);
  expect(existsSync(path)).toBe(false);
  expect((await run([...args, '--check', '--detailed-exitcode'])).exit).toBe(10);
  expect((await run([...args, '--check', '--limit', 'web,!a'])).stdout).toContain('notes on 1 host\n');
});

test('what is found and mended by no step is left to the reader, and not called well', async () => {
  const { run, folder, path } = await withHosts();
  const ending = async (...targets: readonly string[]) => {
    const { exit, stdout } = await run([told, '-e', `path=${path}`, ...targets]);
    return { exit, last: stdout.split('\n').find((line) => /^[✓!✗] /.test(line)) };
  };
  expect(await ending('--target', 'hosts=local')).toEqual({
    exit: 13,
    last: '! Unresolved: 1 of 1 cause found; nothing was changed',
  });
  expect(await ending('--hosts', 'hosts', '--check')).toEqual({
    exit: 13,
    last: '! Of 3 hosts: 3 unresolved, 0 good; nothing was changed',
  });
  await writeFile(join(folder, 'note'), 'here\n');
  expect((await ending('--target', 'hosts=local')).last).toBe('✓ No change needed: the cause is ruled out');
  expect((await ending('--hosts', 'hosts')).last).toBe(
    '✓ No change needed on 3 hosts: the cause is ruled out',
  );
});

test('a fleet is rolled out, listed, undone, each by its id or as the latest', async () => {
  const { run, args, path } = await withHosts();
  const mended = await run([...args, '--yes', '--limit', 'a']);
  expect({
    exit: mended.exit,
    said: stable(mended.stdout),
    told: stable(mended.stderr),
  }).toMatchInlineSnapshot(`
    {
      "exit": 0,
      "said": "The hosts have no note
    notes on 1 host

    a
    Plan: 1 change
      1. Leave a note
         + file FOLDER/note
             content: |
               note
             mode: 0640
             owner: WHO
             group: WHO

    Hosts
      ✓ a  1 changed

    ✓ Fixed and verified on 1 host in N s: 1 changed
      roll back: claw-run rollback FLEET -f 1
    ",
      "told": "
    Batch 1 of 1 a
      ✓ a  write FOLDER/note N s
    ",
    }
  `);
  expect(await readFile(path, 'utf8')).toBe('note\n');
  const listed = await run(['runs']);
  expect(stable(listed.stdout)).toMatchInlineSnapshot(`
    "RUN-a  TIME  notes  ok  1 step  (host a of FLEET, can be undone)
    "
  `);
  const [fleet = ''] = /f\d{8}t\d{6}-[0-9a-f]{6}/.exec(listed.stdout) ?? [];
  expect((await run(['runs', fleet])).stdout).toBe(listed.stdout);
  expect(await run(['resume', fleet])).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining('nothing to resume'),
  });
  expect(await run(['rollback'])).toMatchObject({ exit: 12 });
  const undone = await run(['rollback', '--yes']);
  expect({ exit: undone.exit, said: stable(undone.stdout) }).toMatchInlineSnapshot(`
    {
      "exit": 0,
      "said": "Rolling back FLEET (notes)

    a
    Rollback: 1 change
      1. Leave a note
         as it was before
         - file FOLDER/note

    Hosts
      ✓ a  1 rolled back

    ✓ Rolled back on 1 host in N s: 1 rolled back
    ",
    }
  `);
  expect(existsSync(path)).toBe(false);
  expect(await run(['rollback', fleet, '--yes'])).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining('is left to roll back'),
  });
  expect(await run(['rollback', 'f20200101t000000-000000'])).toMatchObject({ exit: 2 });
});

test('what one host has done for all is not done again, and not asked for again', async () => {
  const { run, args, path } = await withHosts();
  const { exit, stdout } = await run([...args, '--yes']);
  expect([exit, stable(stdout.slice(stdout.indexOf('Hosts')))]).toMatchInlineSnapshot(`
    [
      0,
      "Hosts
      ✓ a  1 changed
      ✓ b  1 not changed
      ✓ c  1 not changed

    ✓ Fixed and verified on 1 host in N s: 1 changed, 2 not changed
      roll back: claw-run rollback FLEET -f 1
    ",
    ]
  `);
  expect(await readFile(path, 'utf8')).toBe('note\n');
});

test('a fleet that was killed between its batches is gone on with: the hosts that never acted too', async () => {
  const { start, run, args, path } = await withHosts();
  const killed = start([join(fixtures, 'notes-slowly.yaml'), ...args.slice(1), '--yes']);
  await killed.until('✓ a');
  await until('the first host is done', async () => (await run(['runs'])).stdout.includes('ok'));
  killed.kill('SIGKILL');
  await killed.ended;
  await rm(path);
  const asked = await run(['resume']);
  expect({ exit: asked.exit, told: stable(asked.stderr) }).toMatchInlineSnapshot(`
    {
      "exit": 12,
      "told": "claw-run: approval needed, and no terminal to ask on
      approve with --yes
    ",
    }
  `);
  const resumed = await run(['resume', '--yes', '--forks', '1']);
  expect({
    exit: resumed.exit,
    said: stable(resumed.stdout),
    told: stable(resumed.stderr),
  }).toMatchInlineSnapshot(`
    {
      "exit": 0,
      "said": "Resuming FLEET (notes-slowly)

    b
      not begun: as it was agreed to

    c
      not begun: as it was agreed to

    Hosts
      ✓ a  1 changed
      ✓ b  1 changed
      ✓ c  1 not changed

    ✓ Fixed and verified on 2 hosts in N s: 2 changed, 1 not changed
      roll back: claw-run rollback FLEET -f 1
    ",
      "told": "
    Batch 2 of 2 b, c
      ✓ b  write FOLDER/note N s
    ",
    }
  `);
  expect(await readFile(path, 'utf8')).toBe('note\n');
  expect((await run(['resume', '--yes'])).stdout).toContain('nothing to resume');
  expect(await run(['rollback', '--yes', '--forks', '1'])).toMatchObject({ exit: 0 });
  expect(existsSync(path)).toBe(false);
});

test('a host whose run left a folder and no record never began, and is resumed', async () => {
  const { start, run, args, path, folder } = await withHosts();
  const killed = start([join(fixtures, 'notes-slowly.yaml'), ...args.slice(1), '--yes']);
  await killed.until('✓ a');
  await until('the first host is done', async () => (await run(['runs'])).stdout.includes('ok'));
  killed.kill('SIGKILL');
  await killed.ended;
  const runs = join(folder, 'state', 'claw-run', 'runs');
  const fleet = (await readdir(join(folder, 'state', 'claw-run', 'fleets')))[0] ?? '';
  const journal = await createJournalStore({
    path: join(folder, 'state', 'claw-run'),
    keyFile: join(folder, '.config/claw-run/state.key'),
  }).fleets.open(fleet);
  await journal.close();
  const members = journal.records.flatMap((record) => (record.type === 'fleet.opened' ? record.members : []));
  const [, b = '', c = ''] = members.map(({ hostRun }) => hostRun);
  await mkdir(join(runs, b), { mode: 0o700, recursive: true });
  await mkdir(join(runs, c), { mode: 0o700, recursive: true });
  await cp(join(runs, members[0]?.hostRun ?? '', 'head'), join(runs, c, 'head'));
  expect(await run(['resume', '--yes', '--forks', '1'])).toMatchObject({
    exit: 0,
    stdout: expect.stringMatching(/b\n {2}not begun: as it was agreed to\n\nc\n {2}not begun/),
  });
  expect(await run(['rollback', '--yes', '--forks', '1'])).toMatchObject({ exit: 0 });
  expect(existsSync(path)).toBe(false);
});

test('a fleet that a living process has is resumed by no other', async () => {
  const { start, run, args } = await withHosts();
  const first = start([join(fixtures, 'notes-slowly.yaml'), ...args.slice(1), '--yes']);
  await first.until('✓ a');
  for (const command of ['resume', 'rollback']) {
    const { exit, stderr, stdout } = await run([command, '--yes']);
    expect(exit).toBe(11);
    expect(`${stdout}${stderr}`).toMatch(/f\S+ belongs to process \d+ on /);
  }
  first.kill('SIGKILL');
  await first.ended;
  expect(await run(['rollback', '--yes'])).toMatchObject({ exit: 0 });
});

test('what a fleet left can be run again: those that failed, and those that never had their turn', async () => {
  const { folder, run, args, path } = await withHosts();
  await writeFile(join(folder, 'hosts'), 'local name=a\nssh://nobody@127.0.0.1:9 name=dead\n');
  expect(await run([...args, '--limit', '@failed'])).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('--limit @failed: there is no fleet yet'),
  });
  const first = await run([...args, '--yes']);
  expect(first.exit).not.toBe(0);
  expect(await readFile(path, 'utf8')).toBe('note\n');
  const again = await run([...args, '--check', '--limit', '@failed', '--output', 'json']);
  const [started] = eventsOf(again.stdout);
  expect(started).toMatchObject({ type: 'fleet.started', hosts: ['dead'] });
  expect(await run([...args, '--limit', '@not-begun'])).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('--limit @not-begun fits no host'),
  });
  expect(await run([...args, '--limit', '@later'])).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('--limit does not know @later'),
  });
});

test('a fleet with nothing to change and a host that failed is the last one for @failed, not for rollback', async () => {
  const { folder, run, args, path } = await withHosts();
  const hosts = (name: string) =>
    writeFile(join(folder, 'hosts'), `local name=a\nssh://nobody@127.0.0.1:9 name=${name}\n`);
  await hosts('dead');
  expect((await run([...args, '--yes'])).exit).toBe(1);
  const second = () => Math.floor(Date.now() / 1000);
  const ended = second();
  await until(
    'the next fleet begins in another second, by which their ids are sorted',
    async () => second() > ended,
  );
  await hosts('gone');
  expect((await run([...args, '--yes'])).exit).toBe(3);
  await writeFile(join(folder, 'hosts'), 'local name=dead\nlocal name=gone\n');
  const again = await run([...args, '--check', '--limit', '@failed', '--output', 'json']);
  expect(eventsOf(again.stdout)[0]).toMatchObject({ type: 'fleet.started', hosts: ['gone'] });
  expect((await run(['rollback', '--yes'])).exit).toBe(0);
  expect(existsSync(path)).toBe(false);
  const fleets = join(folder, 'state/claw-run/fleets');
  expect(await readdir(fleets)).toHaveLength(2);
  expect((await run(['runs', 'prune', '--older-than', '1s', '--yes'])).exit).toBe(0);
  expect(await readdir(fleets)).toEqual([]);
});

test('with nobody to ask nothing is touched', async () => {
  const { run, args, path } = await withHosts();
  expect(await run(args)).toMatchObject({ exit: 12, stdout: expect.stringContaining('approve with --yes') });
  expect(existsSync(path)).toBe(false);
});

test('events bear their host and the fleet, and the start the trace of the caller', async () => {
  const { run, args } = await withHosts();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const { stdout } = await run([...args, '--yes', '--output', 'json'], { env: { TRACEPARENT: traceparent } });
  const events = eventsOf(stdout);
  const [started] = events;
  expect(started).toMatchObject({ type: 'fleet.started', hosts: ['a', 'b', 'c'], traceparent });
  expect(events.at(-1)).toMatchObject({ type: 'fleet.ended', run: started?.run, status: 'ok', exit: 0 });
  const ofRuns = events.filter(({ type }) => !/^(fleet|host|batch)\./.test(String(type)));
  expect(
    ofRuns.every(({ fleet, host }) => fleet === started?.run && ['a', 'b', 'c'].includes(String(host))),
  ).toBe(true);
  expect(ofRuns.filter(({ type }) => type === 'run.started')).toMatchObject([
    { traceparent },
    { traceparent },
    { traceparent },
  ]);
  const bad = await run([...args, '--check', '--output', 'json'], { env: { TRACEPARENT: 'x' } });
  expect(eventsOf(bad.stdout)[0]).not.toHaveProperty('traceparent');
});

test('a report is written for each host', async () => {
  const { run, args, folder } = await withHosts();
  await run([...args, '--check', '--report', 'markdown:out/report.md']);
  for (const host of ['a', 'b', 'c'])
    expect(await readFile(join(folder, `out/report-${host}.md`), 'utf8')).toContain('Leave a note');
});

test.each([
  [['--hosts', 'hosts', '--limit', 'eu'], '--limit eu fits none of the hosts'],
  [['--hosts', 'nothing/here'], 'the inventory nothing/here is not there'],
  [['--hosts', 'hosts', '--forks', '0'], '--forks takes a number from 1 to 9999, not 0'],
  [[], 'the target heads stands for many hosts, and none are named'],
  [['--target', 'heads=ftp://x'], 'there is no transport for ftp://, which ftp://x needs'],
  [['--hosts', 'hosts', '--connect-timeout', 'soon'], '--connect-timeout does not understand "soon"'],
  [['--hosts', 'hosts', '--idle-timeout', '0s'], '--idle-timeout does not understand "0s"'],
])('%j is a mistake: %s', async (more, message) => {
  const { run, path } = await withHosts();
  const { exit, stderr } = await run([notes, '-e', `path=${path}`, '--yes', ...more]);
  expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining(message) });
});

test('hosts are for a target that stands for many; a plan is saved for one', async () => {
  const { run, args } = await withHosts();
  expect(await run(['plan', ...args, '-o', 'plan.json'])).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('one host'),
  });
  const single = await run([join(fixtures, 'note.yaml'), '-e', 'path=/x', '--hosts', 'hosts']);
  expect(single).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('no target that stands for many'),
  });
});

test('a target that stands for many may be bound to one host; its saved plan goes there again', async () => {
  const { run, path } = await withHosts();
  const one = [notes, '-e', `path=${path}`, '--target', 'heads=local'];
  expect(await run(['plan', ...one, '-o', 'plan.json'])).toMatchObject({ exit: 0 });
  expect(await run(['apply', 'plan.json', '--yes'])).toMatchObject({ exit: 0 });
  expect(existsSync(path)).toBe(true);
  expect(await run(['rollback', '--yes'])).toMatchObject({ exit: 0 });
  expect(existsSync(path)).toBe(false);
});

test('a program runs on many hosts, and undoes it, by the same functions', async () => {
  const { folder, path, env } = await withHosts();
  const options = {
    env,
    cwd: folder,
    stateDir: join(folder, 'state'),
    params: { path },
    hosts: 'hosts',
    forks: 1,
  };
  const waiting = await runRunbook(notes, options);
  expect([waiting.status, existsSync(path)]).toEqual(['waiting-for-approval', false]);
  const outcome = await runRunbook(notes, { ...options, yes: true, limit: 'a' });
  expect(outcome).toMatchObject({ status: 'ok', hosts: [{ host: 'a', status: 'ok', changes: 1 }] });
  expect(existsSync(path)).toBe(true);
  expect(await undoPastRun(outcome.run, options)).toMatchObject({ status: 'ok' });
  expect(existsSync(path)).toBe(false);
});
