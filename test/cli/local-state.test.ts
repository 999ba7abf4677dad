import { chmod, chown, copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixtures, makePlace, type Place } from './support/claw-run.ts';

const note = join(fixtures, 'note.yaml');
const nobody = 65534;
const root = process.geteuid?.() === 0;

async function withPlan(more: NodeJS.ProcessEnv = {}) {
  const place = await makePlace(more);
  const given = [note, '--target', 'head=local', '-e', `path=${join(place.folder, 'note')}`];
  const planned = await place.run(['plan', ...given, '-q', '-o', 'plan.json']);
  expect(planned).toMatchObject({ exit: 0, stderr: '' });
  return { ...place, given, plan: join(place.folder, 'plan.json') };
}

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe('a saved plan', () => {
  test('that others can write is not applied', async () => {
    const { run, plan } = await withPlan();
    await chmod(plan, 0o666);
    expect(await run(['apply', 'plan.json', '--yes'])).toMatchObject({
      exit: 3,
      stderr: `claw-run: the plan plan.json is not used: others can write ${plan} (mode 666)\n  chmod go-w ${plan}\n`,
    });
  });

  test.runIf(root)(
    'that belongs to somebody else is not applied, unless sudo was called by him',
    async () => {
      const { run, plan } = await withPlan();
      await chown(plan, nobody, nobody);
      const { exit, stderr } = await run(['apply', 'plan.json', '--yes']);
      expect({ exit, stderr }).toMatchObject({
        exit: 3,
        stderr: expect.stringContaining('belongs to user 65534'),
      });
      expect(await run(['apply', 'plan.json', '--yes'], { env: { SUDO_UID: String(nobody) } })).toMatchObject(
        { exit: 0 },
      );
    },
  );

  test('that was altered, or hashed anew without the key, is not applied', async () => {
    const { run, plan } = await withPlan();
    const body = JSON.parse(await readFile(plan, 'utf8')) as {
      steps: { id: string }[];
      sources: Record<string, string>;
    };
    for (const [name, text] of Object.entries(body.sources))
      body.sources[name] = text.replace('title:', 'title: not');
    await writeFile(plan, JSON.stringify(body));
    expect(await run(['apply', 'plan.json', '--yes'])).toMatchObject({
      exit: 7,
      stderr: expect.stringContaining('the plan plan.json was altered after it was saved'),
    });
  });

  test('is applied elsewhere with the key that it was made with, and not with another', async () => {
    const { run, folder } = await withPlan({ CLAW_KEY_FILE: undefined });
    const elsewhere = join(folder, 'elsewhere');
    const env = { HOME: elsewhere, XDG_STATE_HOME: join(elsewhere, 'state') };
    await mkdir(join(elsewhere, '.config/claw-run'), { recursive: true, mode: 0o700 });
    const none = await run(['apply', 'plan.json', '--yes'], { env });
    expect(none).toMatchObject({ exit: 3, stderr: expect.stringContaining('state.key is missing') });
    await writeFile(join(elsewhere, '.config/claw-run/state.key'), Buffer.alloc(32, 7), { mode: 0o600 });
    const another = await run(['apply', 'plan.json', '--yes'], { env });
    expect(another).toMatchObject({
      exit: 7,
      stderr: expect.stringContaining('was signed with another key than'),
    });
    const key = join(folder, '.config/claw-run/state.key');
    expect(await run(['apply', 'plan.json', '--yes', '--key-file', key], { env })).toMatchObject({ exit: 0 });
  });
});

describe('the state folder', () => {
  test('is of its owner alone, whatever the umask', async () => {
    const { run, given, folder, env } = await withPlan();
    const { startProcess } = await import('./support/claw-run.ts');
    const { launcher } = await import('../support/programs.ts');
    const words = ['-c', 'umask 000; exec "$0" "$@"', process.execPath, launcher, ...given, '--yes'];
    const config = { ...env, XDG_CONFIG_HOME: join(folder, 'config'), XDG_CACHE_HOME: join(folder, 'cache') };
    const call = await startProcess(['sh', ...words], { cwd: folder, env: config }).ended;
    expect(call).toMatchObject({ exit: 0 });
    const [id = ''] = await readdir(join(folder, 'state/claw-run/runs'));
    const folders = [
      'state',
      'state/claw-run',
      'state/claw-run/runs',
      `state/claw-run/runs/${id}`,
      'config',
      'config/claw-run',
      'cache/claw-run',
    ];
    const files = [
      ...['journal.jsonl', 'head'].map((name) => `state/claw-run/runs/${id}/${name}`),
      'config/claw-run/state.key',
    ];
    for (const each of folders) expect(`${each} ${await modeOf(join(folder, each))}`).toBe(`${each} 700`);
    for (const each of files) expect(`${each} ${await modeOf(join(folder, each))}`).toBe(`${each} 600`);
    expect(await run(['rollback', '--yes'], { env: config })).toMatchObject({ exit: 0 });
  });

  test('that others can write is refused before anything is looked at', async () => {
    const { run, given, folder } = await withPlan();
    await mkdir(join(folder, 'state/claw-run'), { recursive: true });
    await chmod(join(folder, 'state/claw-run'), 0o777);
    const refused = await run([...given, '--yes']);
    expect(refused).toMatchObject({ exit: 3, stdout: '' });
    expect(refused.stderr).toContain(`chmod go-w ${join(folder, 'state/claw-run')}`);
    expect(await run([...given, '--check'])).toMatchObject({ exit: 0 });
  });

  test.runIf(root)('below a folder of another user is refused', async () => {
    const { run, given, folder } = await withPlan();
    await mkdir(join(folder, 'theirs'));
    await chown(join(folder, 'theirs'), nobody, nobody);
    const call = await run([...given, '--yes', '--state-dir', join(folder, 'theirs/state')]);
    expect(call).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(
        /theirs belongs to user 65534\n {2}name places of your own with --state-dir/,
      ),
    });
  });

  test('tells a damaged journal for what it is, and never that it was undone', async () => {
    const { run, given, folder } = await withPlan();
    expect(await run([...given, '--yes'])).toMatchObject({ exit: 0 });
    const [id = ''] = await readdir(join(folder, 'state/claw-run/runs'));
    const journal = join(folder, 'state/claw-run/runs', id, 'journal.jsonl');
    const lines = (await readFile(journal, 'utf8')).split('\n');
    await writeFile(journal, `${lines.slice(0, 6).join('\n')}\n`);
    for (const command of ['rollback', 'resume']) {
      const { exit, stdout, stderr } = await run([command, '--yes']);
      expect({ exit, stdout }).toEqual({ exit: 3, stdout: '' });
      expect(stderr).toMatch(/journal.jsonl was cut off: its last \d records are missing/);
    }
    expect(await readFile(join(folder, 'note'), 'utf8')).not.toBe('');
    expect(await run(['runs'])).toMatchObject({ exit: 0, stdout: expect.stringContaining('damaged') });
  });
});

describe('code that others can change is not run:', () => {
  test('a library', async () => {
    const { run, given, folder } = await withPlan();
    const library = join(folder, 'steps.mjs');
    await writeFile(library, 'console.log("RAN")\n', { mode: 0o666 });
    await chmod(library, 0o666);
    const refused = await run([...given, '--check', '--library', 'steps.mjs']);
    expect(refused).toMatchObject({ exit: 3, stdout: '' });
    expect(refused.stderr).toBe(
      `claw-run: the library steps.mjs is not used: others can write ${library} (mode 666)\n  chmod go-w ${library}\n`,
    );
  });

  test.each([
    ['a cache that others can write', async (cache: string) => chmod(cache, 0o777)],
    ...(root
      ? [['a cache of another user', async (cache: string) => chown(cache, nobody, nobody)] as const]
      : []),
  ] as const)('%s', async (_what, spoil) => {
    const { run, folder } = await makePlace();
    const cache = join(folder, 'cache/claw-run');
    await mkdir(cache, { recursive: true });
    const env = { XDG_CACHE_HOME: join(folder, 'cache') };
    expect(await run(['validate', note], { env })).toMatchObject({ exit: 0 });
    const filled = await readdir(cache);
    expect(filled.some((name) => name.startsWith('v'))).toBe(true);
    await spoil(cache);
    await copyFile(note, join(folder, 'other.yaml'));
    expect(await run(['validate', 'other.yaml'], { env })).toMatchObject({ exit: 0, stderr: '' });
    expect(await readdir(join(cache, 'valid'))).toHaveLength(1);
  });
});

test('commands on this machine are given no more of the environment than they need', async () => {
  const more = {
    HUSH: 'a-secret-of-the-caller',
    AWS_SECRET_ACCESS_KEY: 'another',
    HTTPS_PROXY: 'http://proxy:3128',
  };
  const place: Place = await makePlace(more);
  await writeFile(
    join(place.folder, 'env.yaml'),
    `runbook: env\nversion: 1\ntitle: Environment\ntargets:\n  here: { kind: host }\nsteps:\n  - id: dump\n    uses: linux.command\n    on: here\n    with: { argv: [sh, -c, "env >$0", "${join(place.folder, 'dump')}"] }\n`,
  );
  expect(await place.run(['env.yaml', '--target', 'here=local', '--yes'])).toMatchObject({ exit: 0 });
  const names = (await readFile(join(place.folder, 'dump'), 'utf8'))
    .split('\n')
    .map((line) => line.split('=')[0]);
  expect(names).toEqual(expect.arrayContaining(['PATH', 'HOME', 'HTTPS_PROXY']));
  expect(names).not.toEqual(expect.arrayContaining(['HUSH']));
  expect(names.filter((name) => /HUSH|AWS|CLAW|XDG_STATE/.test(name ?? ''))).toEqual([]);
});
