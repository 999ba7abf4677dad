import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventsOf, fixtures, launcher, makePlace, normal, startProcess } from './support/claw-run.ts';

describe('a command line that is wrong', () => {
  const wrong: readonly (readonly string[])[] = [
    ['plna'],
    ['validate'],
    ['--yse', 'x.yaml'],
    ['list', 'more'],
    ['--output', 'xml', 'list'],
    ['run', 'missing.yaml', '--report', 'pdf:x'],
    ['explain', 'kubernetes.service-acount'],
    ['sandbox', 'sideways'],
    ['sandbox', 'up', 'rbca'],
    ['completion', 'csh'],
    ['new', 'Not A Name'],
    ['apply', 'nowhere.json'],
    ['rollback'],
    ['resume', 'r1'],
    ['runs', '../../etc'],
    ['diagnose', 'nowhere.log'],
    ['list', '--library', 'nowhere.mjs'],
  ];
  test.each(wrong.map((args) => [args.join(' '), args] as const))(
    '%s: exit 2, one line and the next move',
    async (_, args) => {
      const { run } = await makePlace();
      const { exit, stdout, stderr } = await run(args);
      expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
      expect(normal(stderr)).toMatchSnapshot();
    },
  );

  test('every fault of a runbook is told, with its place', async () => {
    const { folder, run } = await makePlace();
    await writeFile(
      join(folder, 'bad.yaml'),
      'runbook: Bad Name\nversion: 1\nsteps:\n  - uses: kubernetes.namspace\n',
    );
    const { exit, stdout } = await run(['validate', 'bad.yaml']);
    expect(exit).toBe(2);
    expect(stdout).toContain('bad.yaml:1:10');
    expect(stdout).toContain('kubernetes.namespace');
    const json = await run(['validate', 'bad.yaml', join(fixtures, 'greeting.yaml'), '--output', 'json']);
    const [bad, good] = eventsOf(json.stdout);
    expect(bad).toMatchObject({ file: 'bad.yaml', ok: false });
    expect(good).toMatchObject({ ok: true, problems: [] });
  });

  test.each([
    ['nothing', ''],
    ['binary', '\u0000\u0001\u0002'],
    ['a list', '- 1\n- 2\n'],
    ['broken YAML', 'runbook: {'],
    ['a bomb', `a: &a [x]\nb: &b [*a,*a]\nrunbook: *b\n`],
  ])('validate of %s is a fault of the file, not of claw-run', async (_, text) => {
    const { folder, run } = await makePlace();
    await writeFile(join(folder, 'x.yaml'), text);
    const { exit, stderr, stdout } = await run(['validate', 'x.yaml']);
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: '' });
    expect(stdout).toContain('x.yaml');
  });
});

describe('parameters', () => {
  test('all that are wrong are told at once', async () => {
    const { run } = await makePlace();
    const { exit, stderr } = await run([
      join(fixtures, 'greeting.yaml'),
      ...['-e', 'namespace=UP', '-e', 'times=many', '-e', 'txt=x'],
    ]);
    expect(exit).toBe(2);
    expect(stderr).toMatchInlineSnapshot(`
      "claw-run: the runbook has no parameter txt (-e)
        did you mean text?
      claw-run: the parameter namespace does not match \`[a-z]+\`
      claw-run: the parameter times must be an integer, this is the text \`many\`
      claw-run: the parameter password is missing (What opens the door)
        give it with the variable GREETING_PASSWORD or --params FILE
      "
    `);
  });
});

describe('numbers with more digits than a number keeps', () => {
  const big = '9123456789012345678';

  test('are refused in a runbook, with their place', async () => {
    const { folder, run } = await makePlace();
    const step = `{ id: a, uses: linux.yaml-entry, with: { path: /x, at: id, value: ${big} } }`;
    await writeFile(
      join(folder, 'x.yaml'),
      `runbook: x\nversion: 1\ntitle: X\ntargets: { box: { kind: host } }\nsteps:\n  - ${step}\n`,
    );
    const { exit, stdout } = await run(['validate', 'x.yaml']);
    expect(exit).toBe(2);
    expect(stdout).toContain('x.yaml:6:71');
    expect(stdout).toContain(
      `\`${big}\` has more digits than a number keeps: it would be 9123456789012346000`,
    );
  });

  test.each([
    ['-e', `times=${big}`],
    ['--params', 'params.yaml'],
    ['--params', 'params.json'],
  ])('are refused as a parameter: %s %s', async (flag, value) => {
    const { folder, run } = await makePlace();
    await writeFile(join(folder, 'params.yaml'), `times: ${big}\n`);
    await writeFile(join(folder, 'params.json'), `{"times": ${big}}`);
    const { exit, stderr } = await run([join(fixtures, 'greeting.yaml'), '-e', 'namespace=a', flag, value]);
    expect(exit).toBe(2);
    expect(stderr).toContain(`has a number with more digits than a number keeps: ${big} would be`);
  });
});

describe('flags in the environment', () => {
  test('CLAW_OUTPUT chooses the output, and a switch can be turned off', async () => {
    const { run } = await makePlace();
    const json = await run(['list'], { env: { CLAW_OUTPUT: 'json', CLAW_QUIET: '0' } });
    expect(Object.keys(eventsOf(json.stdout)[0] ?? {})).toEqual(['runbooks', 'broken', 'steps']);
    const wrong = await run(['list'], { env: { CLAW_OUTPUT: 'xml' } });
    expect(wrong.exit).toBe(2);
    expect(wrong.stderr).toContain('CLAW_OUTPUT');
  });
});

describe('the launcher', () => {
  test('--version answers at once', async () => {
    const { run } = await makePlace();
    const { exit, stdout, stderr } = await run(['--version']);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  const old = ['/usr/bin/node', '/usr/local/bin/node'].find(
    (path) => existsSync(path) && path !== process.execPath,
  );
  test.skipIf(old === undefined)('an older Node.js starts the one that the workspace brings', async () => {
    const { folder, env } = await makePlace();
    const { exit, stdout } = await startProcess([old ?? '', launcher, 'list', '--output', 'json'], {
      cwd: folder,
      env,
    }).ended;
    expect(exit).toBe(0);
    expect(eventsOf(stdout)).toHaveLength(1);
  });

  test('a Node.js that is too old, and no other: one line, exit 2', async () => {
    const { folder, env } = await makePlace({ CLAW_RUN_STARTED: '1' });
    const pretend = `Object.defineProperty(process.versions, 'node', { value: '18.20.0' }); Object.defineProperty(process, 'version', { value: 'v18.20.0' });`;
    await writeFile(join(folder, 'old.cjs'), pretend);
    const program = [process.execPath, '--require', join(folder, 'old.cjs'), launcher, 'list'];
    const { exit, stdout, stderr } = await startProcess(program, { cwd: folder, env }).ended;
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    expect(
      stderr.replaceAll(process.execPath, 'NODE').replaceAll(launcher, 'LAUNCHER'),
    ).toMatchInlineSnapshot(`
      "claw-run needs Node.js 22.19 or newer; this is v18.20.0 (NODE). Install a newer one, or start claw-run with it: /path/to/node LAUNCHER
      "
    `);
  });

  test('a reader that goes away is no error', async () => {
    const { folder, env } = await makePlace();
    const shell = `'${process.execPath}' '${launcher}' schema | head -c 10; echo " \${PIPESTATUS[0]}"`;
    const child = spawn('bash', ['-c', shell], { cwd: folder, env });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    await new Promise((done) => child.on('close', done));
    expect(said).toMatch(/^\{\n {2}"\$sche? 0\n$|^\{\n.* 0\n$/s);
  });
});
