import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventsOf, launcher, makePlace, type Place } from './support/claw-run.ts';

// `claw-run chaos` holds a runbook to its goal and its start. What it says of good ones is true, and it finds what is wrong with bad ones.

interface Told {
  readonly trial: string;
  readonly held: boolean;
  readonly end: string;
  readonly met: boolean;
  readonly problems: readonly string[];
  readonly differences: readonly string[];
  readonly script?: string;
  readonly commands: readonly { readonly args: readonly string[]; readonly exit: number | null }[];
}

/** Two files and a line that a command adds to a third. */
const runbook = (folder: string, command: string) => `runbook: lines
version: 1
title: Lines
description: For trials with faults.
targets: { box: { kind: host, default: local } }
steps:
  - { id: one, uses: linux.file, with: { path: ${folder}/one, content: "x\\n" } }
  - id: line
    uses: linux.command
    with: { argv: [sh, -c, "echo x >>${folder}/lines"]${command} }
  - { id: two, uses: linux.file, with: { path: ${folder}/two, content: "x\\n" } }
`;

/** With a way to tell whether it took place, and a way back. */
const careful = (folder: string) => `, unless: [test, -s, ${folder}/lines], undo: [rm, -f, ${folder}/lines]`;

interface Trials {
  readonly told: readonly Told[];
  readonly sum: { readonly held: number; readonly of: number };
  readonly exit: number | null;
  readonly stderr: string;
}

async function trialsOf(place: Place, command: string, args: readonly string[]): Promise<Trials> {
  const { folder } = place;
  const files = ['one', 'two', 'lines'].map((name) => join(folder, name)).join(' ');
  await writeFile(join(folder, 'lines.yaml'), runbook(folder, command));
  const own = ['--i-can-lose-this-target', '--reset', `rm -f ${files}`];
  const observe = ['--observe', `for f in ${files}; do [ ! -e $f ] || sed "s|^|$f |" $f; done`];
  const { exit, stdout, stderr } = await place.run([
    'chaos',
    'lines.yaml',
    ...own,
    ...observe,
    ...args,
    '--output',
    'json',
  ]);
  const lines = eventsOf(stdout);
  return {
    told: lines.slice(0, -1) as unknown as readonly Told[],
    sum: lines.at(-1) as unknown as Trials['sum'],
    exit,
    stderr,
  };
}

const trial = (id: string) => ['--trial', id];

describe('on targets of one’s own', () => {
  const kinds = [
    'kill@before-record-9',
    'kill@after-record-9',
    'interrupt@before-record-9',
    'terminate@before-record-9',
    'hang-up@before-record-9',
    'cut@after-record-9',
    'disk-full@before-record-9',
    'disk-fails@before-record-9',
    'disk-read-only@before-record-9',
    'disk-short@before-record-9',
    'output-full',
    'output-gone',
    'second-run@before-record-9',
    'second-resume@before-record-9',
    'second-rollback@before-record-9',
    'clock-ahead@before-record-9',
    'clock-back@before-record-9',
  ];

  test('a careful runbook holds whatever it meets, and it does meet it', async () => {
    const place = await makePlace();
    const ids = kinds.map((kind, at) => `run+${kind}/${at % 2 === 0 ? 'rollback' : 'resume'}`);
    const { told, sum, exit, stderr } = await trialsOf(place, careful(place.folder), ids.flatMap(trial));
    expect(told.map((each) => [each.trial, each.held, each.met, each.problems])).toEqual(
      ids.map((id) => [id, true, true, []]),
    );
    expect(sum, stderr).toMatchObject({ held: ids.length, of: ids.length });
    expect(exit).toBe(0);
    const ofKind = (kind: string) => told.find((each) => each.trial.startsWith(`run+${kind}`))?.commands;
    expect(ofKind('kill')?.[0]?.exit).toBe(null);
    expect(ofKind('terminate')?.[0]?.exit).toBe(143);
    expect(ofKind('second-rollback')?.map((each) => each.args[0])).toContain('rollback');
    expect(ofKind('disk-full')?.[0]?.exit).not.toBe(0);
    expect(ofKind('disk-full')?.at(-1)?.args[0]).toBe('rollback');
  });

  test('what happens twice is found, with a script that tries it again', async () => {
    const place = await makePlace();
    const ids = Array.from({ length: 6 }, (_, at) => `run+kill@before-record-${at + 13}/resume`);
    const careless = await trialsOf(place, '', ids.flatMap(trial));
    const [lost] = careless.told.filter(({ held }) => !held);
    expect(careless.exit).toBe(1);
    expect(careless.sum.held).toBeGreaterThan(0);
    expect(lost).toMatchObject({
      end: 'lost',
      problems: ['it says that it is done, and the goal is not reached'],
      differences: [expect.stringContaining('/lines x: 2, and should be 1')],
    });
    expect(await readFile(lost?.script ?? '', 'utf8')).toContain(
      '# run (the process is killed (SIGKILL) before record',
    );
    const script = (await readFile(lost?.script ?? '', 'utf8')).replace(
      'exec claw-run',
      `exec ${process.execPath} ${launcher}`,
    );
    const again = await new Promise<{ code: unknown; stdout: string }>((resolve) => {
      execFile('sh', ['-c', script], { env: place.env }, (error, stdout) =>
        resolve({ code: error?.code, stdout }),
      );
    });
    expect(again.code).toBe(1);
    expect(JSON.parse(again.stdout.split('\n')[0] ?? '')).toMatchObject({ trial: lost?.trial, held: false });
  });

  test('a rollback that does not lead back is found without any fault', async () => {
    const place = await makePlace();
    const lying = `, unless: [test, -s, ${place.folder}/lines], undo: [sh, -c, ": >${place.folder}/lines; echo y >>${place.folder}/two"]`;
    const { told, exit } = await trialsOf(place, lying, trial('run+output-full/rollback'));
    expect(told[0]).toMatchObject({
      trial: 'run/rollback',
      held: false,
      problems: ['without any fault, it says that all is rolled back, and the start is not reached'],
    });
    expect(exit).toBe(1);
  });

  test('the trials of a seed are listed, and taken by their names', async () => {
    const place = await makePlace();
    const list = ['--list', '--seed', '7', '--faults', 'kill,cut', '--trials', '9'];
    const ids = async () =>
      (await trialsOf(place, careful(place.folder), list)).told.map((each) => each.trial);
    const first = await ids();
    expect(first.length).toBe(8);
    expect(first.every((id) => /\+(kill|cut)@/.test(id))).toBe(true);
    expect(await trialsOf(place, careful(place.folder), first.slice(0, 2).flatMap(trial))).toMatchObject({
      sum: { held: 2, of: 2 },
    });
  });
});

test('a sandbox is made anew for each trial, and its API server meets the faults of clusters', async () => {
  const place = await makePlace();
  const faults = ['kill@after-change-2', 'cut@before-change-1', 'answer-lost@after-change-3'];
  const answers = ['429', '500', '503', 'html', 'torn'].map((kind) => `answer-${kind}@before-request-12`);
  const ids = [...faults, ...answers].map((fault) => `run+${fault}/rollback`);
  const args = ['chaos', 'worker-denied', '--sandbox', 'rbac', '-e', 'namespace=production', '--jobs', '2'];
  const { exit, stdout, stderr } = await place.run([...args, ...ids.flatMap(trial), '--output', 'json']);
  const told = eventsOf(stdout).slice(0, -1) as unknown as readonly Told[];
  expect(told.map((each) => [each.trial, each.held, each.met, each.problems]).toSorted(), stderr).toEqual(
    ids.map((id) => [id, true, true, []]).toSorted(),
  );
  expect(exit).toBe(0);
});

describe('is refused', () => {
  test.each([
    [['worker-denied'], 'say --i-can-lose-this-target'],
    [['worker-denied', '--i-can-lose-this-target'], '--reset is missing'],
    [['scheduler-denied', '--i-can-lose-this-target', '--reset', 'true'], '--observe is missing'],
    [['worker-denied', '--sandbox', 'rbac', '--faults', 'fire'], 'there are: kill, interrupt'],
    [['worker-denied', '--sandbox', 'rbac', '--trial', 'run+kill@noon'], 'is no trial'],
    [['worker-denied', '--sandbox', 'rbac', '--trials', 'some'], '--trials takes a whole number'],
    [['disk-pressure.yaml', '--sandbox', 'rbac'], 'disk-pressure.yaml'],
  ])('%s', async (args, said) => {
    const { run } = await makePlace();
    const { exit, stderr } = await run(['chaos', ...args]);
    expect(stderr).toContain(said);
    expect(exit).toBe(2);
  });

  test.each([
    [[], 'healthy', 'the run changes nothing here'],
    [['-e', 'namespace=nowhere'], 'rbac', 'without any fault the run ends with 4'],
  ])('where there is nothing to be tried: %s %s', async (args, scenario, said) => {
    const { run } = await makePlace();
    const { exit, stderr } = await run(['chaos', 'worker-denied', '--sandbox', scenario, ...args]);
    expect(stderr).toContain(said);
    expect(exit).toBe(3);
  });
});
