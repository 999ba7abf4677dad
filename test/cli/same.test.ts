import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  diagnoseRunbook,
  planRunbook,
  type RunbookOptions,
  type RunEvent,
  runRunbook,
  undoPastRun,
} from 'claw-run';
import { expect, test } from 'vitest';
import { eventsOf, makePlace } from './support/claw-run.ts';

const runbook = `
runbook: greeting
version: 1
title: The greeting is wrong
params:
  folder: { type: string }
  text: { type: string, default: hello }
  password: { type: secret, from: ['env:PASSWORD'] }
targets:
  here: { kind: host, default: local }
causes:
  wrong:
    title: It says something else
    uses: linux.file-matches
    with: { path: '\${{ params.folder }}/greeting', content: '\${{ params.text }}' }
  other:
    title: A file that nobody needs is missing
    uses: linux.file-matches
    with: { path: '\${{ params.folder }}/there', content: there }
steps:
  - id: greeting
    if: causes.wrong.found
    uses: linux.file
    with: { path: '\${{ params.folder }}/greeting', content: '\${{ params.text }}' }
  - id: password
    if: causes.wrong.found
    uses: linux.file
    with: { path: '\${{ params.folder }}/password', content: '\${{ params.password }}' }
  - id: last
    if: causes.other.found
    uses: linux.file
    with: { path: '\${{ params.folder }}/there', content: there }
verify:
  - { name: It is said, uses: linux.file-matches, with: { path: '\${{ params.folder }}/greeting', content: '\${{ params.text }}' } }
`;

const runs: readonly {
  readonly title: string;
  readonly words: (past: string) => readonly string[];
  readonly call: (
    options: RunbookOptions,
    past: string,
  ) => Promise<{ status: string; exit: number; run: string }>;
}[] = [
  {
    title: 'diagnose',
    words: () => ['diagnose', 'greeting.yaml'],
    call: (o) => diagnoseRunbook('greeting.yaml', o),
  },
  { title: 'plan', words: () => ['plan', 'greeting.yaml'], call: (o) => planRunbook('greeting.yaml', o) },
  {
    title: 'a run that nobody approves',
    words: () => ['greeting.yaml'],
    call: (o) => runRunbook('greeting.yaml', o),
  },
  {
    title: 'a run',
    words: () => ['greeting.yaml', '--yes'],
    call: (o) => runRunbook('greeting.yaml', { ...o, yes: true }),
  },
  {
    title: 'the same again',
    words: () => ['greeting.yaml', '--yes'],
    call: (o) => runRunbook('greeting.yaml', { ...o, yes: true }),
  },
  { title: 'rollback', words: (run) => ['rollback', run, '--yes'], call: (o, run) => undoPastRun(run, o) },
];

/** What differs between two runs of the same: when, which, and in which folder. */
function normal(events: readonly unknown[], folder: string): readonly unknown[] {
  const text = JSON.stringify(events)
    .replaceAll(folder, 'FOLDER')
    .replaceAll(/r\d{8}t\d{6}-[0-9a-f]{6}/g, 'RUN')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g, 'TIME')
    .replaceAll(/"(ms|waitedMs|seconds)":\d+(\.\d+)?/g, '"$1":0');
  return JSON.parse(text);
}

test('a program and the command line end alike, and tell the same events', async () => {
  const worlds = await Promise.all([
    makePlace({ PASSWORD: 'hunter2-hunter2' }),
    makePlace({ PASSWORD: 'hunter2-hunter2' }),
  ]);
  for (const { folder } of worlds) {
    await writeFile(join(folder, 'greeting.yaml'), runbook);
    await writeFile(join(folder, 'greeting'), 'good-bye\n');
    await writeFile(join(folder, 'there'), 'there');
    await mkdir(join(folder, 'state'), { mode: 0o700 });
  }
  const [shell, program] = worlds;
  let past = { shell: '', program: '' };
  for (const { title, words, call } of runs) {
    const at = ['-e', `folder=${shell.folder}`];
    const again = title === 'rollback';
    const said = await shell.run([...words(past.shell), ...(again ? [] : at), '--output', 'json']);
    const told = eventsOf(said.stdout);
    const events: RunEvent[] = [];
    const outcome = await call(
      {
        cwd: program.folder,
        env: program.env,
        stateDir: join(program.folder, 'state', 'claw-run'),
        ...(again ? {} : { params: { folder: program.folder } }),
        onEvent: (event) => events.push(event as RunEvent),
      },
      past.program,
    );
    expect(outcome.exit, `${title}: ${said.stderr}`).toBe(said.exit);
    expect(normal(events, program.folder), title).toEqual(normal(told, shell.folder));
    expect(JSON.stringify(events), title).not.toContain('hunter2-hunter2');
    expect(told.at(-1), title).toMatchObject({ type: 'run.ended', status: outcome.status });
    if (title === 'a run')
      expect(told).toContainEqual(expect.objectContaining({ type: 'step.verified', id: 'password' }));
    if (title === 'a run') past = { shell: String(told[0]?.run), program: outcome.run };
    const left = await Promise.all(worlds.map(({ folder }) => readFile(join(folder, 'greeting'), 'utf8')));
    expect(left[0], title).toBe(left[1]);
    expect(left[0], title).toBe(title === 'a run' || title === 'the same again' ? 'hello' : 'good-bye\n');
  }
});
