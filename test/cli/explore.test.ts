import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventsOf, fixtures, makePlace, root } from './support/claw-run.ts';

describe('explain', () => {
  test('tells what a step does, takes, reads and how it is undone', async () => {
    const { run } = await makePlace();
    const { exit, stdout } = await run(['explain', 'kubernetes.namespace']);
    expect(exit).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "kubernetes.namespace  state on a cluster, routine
      A namespace exists

      A namespace is deleted only to undo its creation, and all that is in it goes with it. There is no
      \`state: absent\`: deleting a namespace deletes what others put there.

      Inputs
        name: string, required — Name of the namespace
        labels: map of names to values — Labels to set; others are kept
        annotations: map of names to values — Annotations to set; others are kept

      Reads (in the first example)
        Namespace production
        Namespace production terminating

      Undo
        leads back to what was seen before; what someone else has changed since is left alone

      Example: A home for the workers
        uses: kubernetes.namespace
        with:
          name: "production"
      "
    `);
    const json = eventsOf((await run(['explain', 'kubernetes.namespace', '--output', 'json'])).stdout)[0];
    expect(json).toMatchObject({ id: 'kubernetes.namespace', inputs: { required: ['name'] } });
  });
});

describe('new', () => {
  test('writes a runbook that validates, and never over another', async () => {
    const { run } = await makePlace();
    expect(await run(['new', 'disk-full'])).toMatchObject({
      exit: 0,
      stdout: 'disk-full.yaml\n.claw-run.schema.json\n',
      stderr: '',
    });
    const checked = await run(['validate', 'disk-full.yaml']);
    expect(checked).toMatchObject({ exit: 0, stdout: 'disk-full.yaml: valid\n' });
    expect(await run(['new', 'disk-full'])).toMatchObject({
      exit: 2,
      stderr: 'claw-run: disk-full.yaml is there already\n',
    });
  });

  test('names the schema beside it, and makes it once', async () => {
    const { run, folder } = await makePlace();
    await mkdir(join(folder, 'runbooks'));
    const first = await run(['new', 'one', '--output', 'json']);
    expect(JSON.parse(first.stdout)).toEqual({
      file: 'runbooks/one.yaml',
      schema: 'runbooks/.claw-run.schema.json',
      schemaMade: true,
    });
    expect(await firstLine(folder, 'runbooks/one.yaml')).toBe(
      '# yaml-language-server: $schema=./.claw-run.schema.json',
    );
    const made = await readFile(join(folder, 'runbooks/.claw-run.schema.json'), 'utf8');
    expect(made).toBe((await run(['schema'])).stdout);
    expect(await run(['new', 'two'])).toMatchObject({ exit: 0, stdout: 'runbooks/two.yaml\n', stderr: '' });
  });

  test('names the schema that the repository has, from wherever the runbook is', async () => {
    const { run, folder } = await makePlace();
    await mkdir(join(folder, 'ops/night'), { recursive: true });
    await run(['schema', '-o', 'schema/runbook.schema.json']);
    expect(await run(['new', 'one', '-o', 'ops/night/one.yaml'])).toMatchObject({
      stdout: 'ops/night/one.yaml\n',
      stderr: '',
    });
    expect(await firstLine(folder, 'ops/night/one.yaml')).toBe(
      '# yaml-language-server: $schema=../../schema/runbook.schema.json',
    );
  });

  test('looks for no schema outside of the repository', async () => {
    const { run, folder } = await makePlace();
    await mkdir(join(folder, 'project/.git'), { recursive: true });
    await run(['schema', '-o', 'schema/runbook.schema.json']);
    const cwd = join(folder, 'project');
    expect(await run(['new', 'one'], { cwd })).toMatchObject({ stdout: 'one.yaml\n.claw-run.schema.json\n' });
  });

  test('without a repository, looks no further up than where one works', async () => {
    const { run, folder } = await makePlace();
    await mkdir(join(folder, 'project'));
    await run(['schema', '-o', 'schema/runbook.schema.json']);
    const cwd = join(folder, 'project');
    expect(await run(['new', 'one'], { cwd })).toMatchObject({ stdout: 'one.yaml\n.claw-run.schema.json\n' });
  });

  test('writes the runbook also where the schema cannot be written, and says so', async () => {
    const { run, folder } = await makePlace();
    await mkdir(join(folder, '.claw-run.schema.json'));
    expect(await run(['new', 'one'])).toMatchObject({
      exit: 0,
      stdout: 'one.yaml\n',
      stderr:
        'warning: .claw-run.schema.json cannot be written: EEXIST. ' +
        'Editors complete nothing without it: claw-run schema -o .claw-run.schema.json\n',
    });
  });

  test('tells how a schema of another version is renewed, and leaves it', async () => {
    const { run, folder } = await makePlace();
    await writeFile(join(folder, '.claw-run.schema.json'), '{}\n');
    const { exit, stdout, stderr } = await run(['new', 'one']);
    expect({ exit, stdout, stderr }).toMatchInlineSnapshot(`
      {
        "exit": 0,
        "stderr": "warning: .claw-run.schema.json, which editors load, is not what this claw-run makes. Renew it: claw-run schema -o .claw-run.schema.json (with --library FILE where it has steps of your own)
      ",
        "stdout": "one.yaml
      ",
      }
    `);
    expect(await readFile(join(folder, '.claw-run.schema.json'), 'utf8')).toBe('{}\n');
    expect(await run(['schema', '-o', '.claw-run.schema.json'])).toMatchObject({ exit: 0 });
    expect(await run(['new', 'two'])).toMatchObject({ exit: 0, stderr: '' });
  });
});

async function firstLine(folder: string, file: string): Promise<string | undefined> {
  return (await readFile(join(folder, file), 'utf8')).split('\n')[0];
}

describe('schema', () => {
  test('is JSON that knows the steps, on standard output or in a file', async () => {
    const { run, folder } = await makePlace();
    const { stdout } = await run(['schema']);
    expect(JSON.parse(stdout).definitions).toHaveProperty(['kubernetes.namespace']);
    expect(await run(['schema', '-o', 'schema/runbook.schema.json'])).toMatchObject({ exit: 0, stdout: '' });
    expect(await readFile(join(folder, 'schema/runbook.schema.json'), 'utf8')).toBe(stdout);
  });
});

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'])('for %s names every command', async (shell) => {
    const { run } = await makePlace();
    const { exit, stdout } = await run(['completion', shell]);
    expect(exit).toBe(0);
    for (const word of ['plan', 'rollback', 'diagnose', '-kubeconfig'])
      expect(stdout).toContain(word.replace(/^-/, shell === 'fish' ? '-l ' : '--'));
    if (shell === 'bash') execFileSync('bash', ['-n'], { input: stdout });
  });

  test('for bash completes commands and their flags', async () => {
    const { run, folder } = await makePlace();
    const { stdout } = await run(['completion', 'bash']);
    const complete = (...words: string[]) =>
      execFileSync('bash', ['-s', ...words], {
        input: `${stdout}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _claw_run; echo "\${COMPREPLY[*]}"`,
        encoding: 'utf8',
        cwd: folder,
      }).trim();
    expect(complete('claw-run', 'roll')).toBe('rollback');
    expect(complete('claw-run', 'rollback', '--forc')).toBe('--force');
  });
});

describe('diagnose', () => {
  test('of a log whose runbook works on hosts asks for what it needs, and for no cluster', async () => {
    const { folder, run } = await makePlace();
    await cp(join(root, 'runbooks'), join(folder, 'runbooks'), { recursive: true });
    await writeFile(
      join(folder, 'clw.log'),
      "clw-scheduler-denied: Scheduler query denied for user 'bob'.\n",
    );
    const { exit, stdout, stderr } = await run(['diagnose', 'clw.log']);
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr: 'claw-run: the parameter user is missing (Who is refused)\n  give it with -e user=…\n',
    });
    expect(stdout).toContain('runbooks/scheduler-denied.yaml: ');
    expect(stdout).toContain('denied_user: bob');
  });

  test('finds the runbook of a log by its codes and symptoms, with the facts that the log gives', async () => {
    const { run, folder } = await makePlace();
    await mkdir(join(folder, 'runbooks'));
    await cp(join(fixtures, 'greeting.yaml'), join(folder, 'runbooks/greeting.yaml'));
    await writeFile(join(folder, 'app.log'), 'INFO up\nERROR greet-missing: nobody greets in foyer\n');
    const { exit, stdout } = await run(['diagnose', 'app.log']);
    expect(exit).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "runbooks/greeting.yaml: The namespace does not greet
        the log shows greet-missing, /greet-missing: nobody greets in (?<where>[a-z]+)/
        where: foyer

      No cluster is configured, so its causes were not looked at. With one: claw-run diagnose runbooks/greeting.yaml --log app.log
      "
    `);
    const piped = await run(['diagnose', '-', '--output', 'json'], {
      input: 'greet-missing: nobody greets in attic',
    });
    expect(eventsOf(piped.stdout)[0]).toMatchObject({
      type: 'runbooks.matched',
      matches: [{ runbook: 'greeting', codes: ['greet-missing'], facts: { where: 'attic' } }],
    });
    const other = await run(['diagnose', '-'], { input: 'greet-missing-too' });
    expect(other).toMatchObject({ exit: 0, stdout: 'No runbook here knows what the log shows.\n' });
  });
});

describe('own steps', () => {
  test('of an ES module are listed, explained and used', async () => {
    const { run } = await makePlace();
    const library = ['--library', join(fixtures, '../../../examples/02-own-step.ts')];
    const { stdout } = await run(['list', ...library]);
    expect(stdout).toContain('acme.namespace-owner');
    expect(await run(['explain', 'acme.namespace-owner', ...library])).toMatchObject({ exit: 0 });
  });
});

describe('the runbooks that come with claw-run', () => {
  test('are called by their names, listed, and searched for a log, where there is no ./runbooks', async () => {
    const { run } = await makePlace();
    const file = join(root, 'runbooks', 'worker-denied.yaml');
    expect(await run(['validate', 'worker-denied'])).toMatchObject({ exit: 0, stdout: `${file}: valid\n` });
    expect((await run(['list'])).stdout).toContain(`  ${file}\n`);
    const found = await run(['diagnose', '-'], { input: 'clw-worker-denied' });
    expect(found.stdout).toContain(`${file}: `);
    const unknown = await run(['worker-denid']);
    expect(unknown.exit).toBe(2);
    expect(unknown.stderr).toContain('claw-run list the runbooks');
  });

  test('give way to those of a folder, and to a file of that name', async () => {
    const { run, folder } = await makePlace();
    await mkdir(join(folder, 'runbooks'));
    await writeFile(join(folder, 'runbooks', 'worker-denied.yaml'), 'runbook: mine\n');
    const own = await run(['validate', 'worker-denied']);
    expect(own.stdout).toContain('runbooks/worker-denied.yaml:1');
    expect((await run(['list'])).stdout).not.toContain('scheduler-denied.yaml');
    await writeFile(join(folder, 'worker-denied'), 'runbook: here\n');
    expect((await run(['validate', 'worker-denied'])).stdout).toContain('worker-denied:1');
  });
});
