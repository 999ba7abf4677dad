import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventsOf, fixtures, makePlace, normal, type Place } from './support/claw-run.ts';
import { useCluster } from './support/cluster.ts';

const cluster = useCluster();
const greeting = join(fixtures, 'greeting.yaml');
const password = 'correct-horse-battery';

function placeIn(namespace: string): Promise<Place & { flags: readonly string[] }> {
  return makePlace({ KUBECONFIG: cluster.kubeconfig, GREETING_PASSWORD: password }).then((place) => ({
    ...place,
    flags: ['-e', `namespace=${namespace}`],
  }));
}

describe('a run', () => {
  test('tells a person the causes, the plan, what it does, the proof and how to undo it', async () => {
    const { run, flags } = await placeIn('human');
    const { exit, stdout, stderr } = await run([greeting, '--yes', ...flags]);
    expect(normal(stdout)).toMatchInlineSnapshot(`
      "The namespace does not greet
      greeting on cluster sandbox

      Causes
        ✗ Nothing is said
          there is no text of ConfigMap human/greeting

      Plan: 3 changes
        1. Build the hall
           + Namespace human
               metadata:
                 labels:
                   kubernetes.io/metadata.name: human
        2. Say the words
           ~ ConfigMap human/greeting text
               exists: false → true
               + values.text: hello
        3. Keep the door
           ~ Secret human/door password
               exists: false → true
               values.password: ‹secret› set
        1 not needed (-v tells which)

      Verification
        ✓ The words are said: text of ConfigMap human/greeting is as it should be

      Causes, before and after the fix
        FOUND → ruled out  Nothing is said
          text of ConfigMap human/greeting is as it should be

      ✓ Fixed and verified in N s: 3 changed
        roll back: claw-run rollback RUN
      "
    `);
    expect(normal(stderr)).toMatchInlineSnapshot(`
      "
      Acting
        Build the hall
          ✓ create Namespace human N s
        Say the words
          ✓ create ConfigMap human/greeting N s
        Keep the door
          ✓ create Secret human/door N s
      "
    `);
    expect(exit).toBe(0);
    const again = await run([greeting, '--yes', ...flags]);
    expect(again.exit).toBe(0);
    expect(normal(again.stdout)).toMatchInlineSnapshot(`
      "The namespace does not greet
      greeting on cluster sandbox

      Causes
        ✓ Nothing is said
          text of ConfigMap human/greeting is as it should be

      Plan: no change
        2 with no change needed, 2 not needed (-v tells which)

      Verification
        ✓ The words are said: text of ConfigMap human/greeting is as it should be

      ✓ No change needed: the cause is ruled out
      "
    `);
  });

  test('tells a program one event a line, each with type, time and run; the end is the last', async () => {
    const { run, flags } = await placeIn('json');
    const { exit, stdout, stderr } = await run([greeting, '--yes', '--output', 'json', ...flags]);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    const events = eventsOf(stdout);
    expect(events.map(({ type, id }) => (id === undefined ? type : `${type} ${id}`))).toMatchInlineSnapshot(`
      [
        "run.started",
        "cause silent",
        "step.planned hall",
        "step.planned words",
        "step.planned door",
        "step.planned bell",
        "run.confirmed",
        "step.started hall",
        "action.intended hall",
        "action.ended hall",
        "step.verified hall",
        "step.started words",
        "action.intended words",
        "action.ended words",
        "step.verified words",
        "step.started door",
        "action.intended door",
        "action.ended door",
        "step.verified door",
        "check the-words-are-said",
        "cause silent",
        "run.ended",
      ]
    `);
    for (const event of events) expect(Object.keys(event).slice(0, 3)).toEqual(['type', 'at', 'run']);
    expect(new Set(events.map(({ run: id }) => id)).size).toBe(1);
    expect(events.at(-1)).toMatchObject({ type: 'run.ended', status: 'ok', exit: 0, problems: [] });
  });

  test('without a terminal and without --yes, nothing is touched and nothing waits: exit 12', async () => {
    const { run, flags } = await placeIn('nobody');
    const { exit, stdout } = await run([greeting, ...flags]);
    expect(exit).toBe(12);
    expect(stdout).toContain('approve with --yes');
    expect(await cluster.get('Namespace', 'nobody')).toBeNull();
  });

  test('--check changes nothing; with --detailed-exitcode it exits 10 when there is something to change', async () => {
    const { run, flags } = await placeIn('check');
    expect(await run([greeting, '--check', ...flags])).toMatchObject({ exit: 0 });
    const { exit, stdout } = await run([
      greeting,
      '--dry-run',
      '--detailed-exitcode',
      '--output',
      'json',
      ...flags,
    ]);
    expect(exit).toBe(10);
    expect(eventsOf(stdout).at(-1)).toMatchObject({ status: 'changes-pending', exit: 10 });
    expect(await cluster.get('Namespace', 'check')).toBeNull();
    await run([greeting, '--yes', ...flags]);
    expect(await run([greeting, '--check', '--detailed-exitcode', ...flags])).toMatchObject({ exit: 0 });
  });

  test('--from and --only leave steps out and say so; an unknown step is a wrong command line', async () => {
    const { run, flags } = await placeIn('only');
    const only = await run([greeting, '--check', '-v', '--only', 'hall', ...flags]);
    expect(only.stdout).toContain('left out: only hall');
    const from = await run([greeting, '--check', '-v', '--from', 'words', ...flags]);
    expect(from.stdout).toContain('left out: it comes before words');
    expect(await run([greeting, '--only', 'hal', ...flags])).toMatchObject({
      exit: 2,
      stderr:
        'claw-run: the runbook has no step hal; did you mean hall?\n  its steps are: hall, words, door, bell\n',
    });
  });

  test('parameters come from a file, standard input and the command line, the last first', async () => {
    const { run, folder } = await placeIn('x');
    await writeFile(join(folder, 'params.yaml'), 'namespace: filed\ntimes: 2\n');
    const file = await run([greeting, '--check', '--params', 'params.yaml', '-e', 'text=hi there']);
    expect(file.stdout).toContain('Namespace filed');
    expect(file.stdout).toContain('Ring the bell');
    expect(file.stdout).toContain('"hi there"');
    const piped = await run([greeting, '--check', '--params', '-'], { input: '{"namespace":"piped"}' });
    expect(piped.stdout).toContain('Namespace piped');
  });

  test('without any cluster, that is said at once', async () => {
    const { run } = await makePlace({ GREETING_PASSWORD: password });
    expect(await run([greeting, '--yes'])).toEqual({
      exit: 2,
      signal: null,
      stdout: '',
      stderr:
        'claw-run: no cluster is configured: there is no ~/.kube/config, and KUBECONFIG is not set\n' +
        '  name one with --kubeconfig, or practise with --sandbox rbac\n',
    });
  });

  test('an unreachable cluster is told as such', async () => {
    const { run, folder } = await makePlace({ GREETING_PASSWORD: password });
    const text = await readFile(cluster.kubeconfig, 'utf8');
    await writeFile(join(folder, 'gone'), text.replace(/127\.0\.0\.1:\d+|localhost:\d+/, '127.0.0.1:1'));
    const { exit, stdout } = await run([greeting, '--yes', '--kubeconfig', 'gone']);
    expect(exit).toBe(3);
    expect(stdout).toContain('127.0.0.1:1');
  });
});

describe('a secret', () => {
  test('is nowhere: not in what is said, nor in events, journal, plan or reports', async () => {
    const { run, folder, flags } = await placeIn('secret');
    const reports = ['html', 'junit', 'markdown'].flatMap((kind) => ['--report', `${kind}:report.${kind}`]);
    const calls = [
      await run(['plan', greeting, '-o', 'plan.json', '-D', '-vv', ...flags]),
      await run([greeting, '--check', '-vvv', '--output', 'json', ...flags]),
      await run(['apply', 'plan.json', '--yes', '-vv', '-D', ...reports]),
      await run(['runs', '--output', 'json']),
      await run(['rollback', '--yes', '-vv']),
      await run([greeting, ...flags, '-e', `password=${password}`, '-e', `times=${password}`]),
    ];
    expect(calls.map(({ exit }) => exit)).toEqual([0, 0, 0, 0, 0, 2]);
    const forms = [password, Buffer.from(password).toString('base64'), Buffer.from(password).toString('hex')];
    const said = calls.map(({ stdout, stderr }) => stdout + stderr).join('\n');
    const files = await allFiles(folder);
    expect(files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['journal.jsonl', 'plan.json', 'report.html']),
    );
    for (const form of forms) {
      expect(said).not.toContain(form);
      for (const { text } of files) expect(text).not.toContain(form);
    }
    expect(said).toContain('‹secret›');
  });

  test('that is missing is told with the ways to give it', async () => {
    const { run } = await makePlace({ KUBECONFIG: cluster.kubeconfig });
    expect(await run([greeting, '--yes'])).toEqual({
      exit: 2,
      signal: null,
      stdout: '',
      stderr:
        'claw-run: the parameter password is missing (What opens the door)\n' +
        '  give it with the variable GREETING_PASSWORD or --params FILE\n',
    });
  });
});

async function allFiles(folder: string): Promise<readonly { name: string; text: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => ({
        name: entry.name,
        text: await readFile(join(entry.parentPath, entry.name), 'latin1'),
      })),
  );
}
