import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { makePlace, type Place, root, startProcess } from './support/claw-run.ts';

const steps = (id: string, text: string) => `
import { defineState, fileFact, z } from 'claw-run';
export const note = defineState({
  id: '${id}', on: 'host', summary: 'A note says ${text}', risk: 'routine',
  input: z.strictObject({ path: z.string() }),
  examples: [{ title: 'One', with: { path: '/tmp/note' } }],
  facts: ({ path }) => ({ note: fileFact({ path, parse: (file) => file?.content ?? null }) }),
  desire: () => ({ note: '${text}' }),
  actions: (from, to, { path }) => (to.note === null ? [{ do: 'remove', path }] : [{ do: 'write', path, content: to.note }]),
});
`;

const runbook = (libraries: string, uses: string) => `
runbook: note
version: 1
title: A note is missing
libraries: ${libraries}
params: { path: { type: string } }
targets: { here: { kind: host, default: local } }
steps:
  - { id: note, uses: ${uses}, with: { path: '\${{ params.path }}' } }
`;

let place: Place;

/** A runbook in a folder of its own, beside it a module with a step, and a package that is installed there. */
beforeEach(async () => {
  place = await makePlace();
  await write('book/steps.ts', steps('acme.note', 'from a file'));
  await write('book/node_modules/@acme/steps/package.json', {
    name: '@acme/steps',
    type: 'module',
    // only an import finds it, as with most packages of today
    exports: { import: './lib/index.js' },
  });
  await write('book/node_modules/@acme/steps/lib/index.js', steps('acme.packed', 'from a package'));
  await write('book/file.yaml', runbook('[./steps.ts]', 'acme.note'));
  await write('book/package.yaml', runbook("['@acme/steps']", 'acme.packed'));
});

async function write(path: string, content: string | object): Promise<void> {
  const file = join(place.folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
}

const note = () => readFile(join(place.folder, 'note'), 'utf8').catch(() => null);
const at = () => ['-e', `path=${join(place.folder, 'note')}`];

describe('libraries that a runbook names', () => {
  test.each([
    ['file', 'from a file'],
    ['package', 'from a package'],
  ])('by %s: are loaded where the call allows it, and found again by rollback', async (name, text) => {
    const run = await place.run(['--allow-libraries', `book/${name}.yaml`, ...at(), '--yes']);
    expect(run.exit, run.stderr).toBe(0);
    expect(await note()).toBe(text);
    // the command that is shown for it works as it is
    expect(run.stdout).toMatch(/claw-run rollback \S+ --allow-libraries/);
    const refused = await place.run(['rollback', '--yes']);
    expect(refused.exit).toBe(3);
    expect(refused.stderr).toMatch(
      /used the library \S+; its code would run with your rights, so it is not loaded/,
    );
    expect(refused.stderr).toContain('--allow-libraries');
    expect(await note()).toBe(text);
    const back = await place.run(['rollback', '--yes', '--allow-libraries']);
    expect(back.exit, back.stderr).toBe(0);
    expect(await note()).toBeNull();
  });

  test('are not loaded unasked: nothing of them runs', async () => {
    await write('book/steps.ts', `process.stdout.write('I run');\n${steps('acme.note', 'x')}`);
    for (const words of [
      ['book/file.yaml', ...at(), '--yes'],
      ['validate', 'book/file.yaml'],
      ['plan', 'book/file.yaml', ...at()],
      ['diagnose', 'book/file.yaml', ...at()],
      ['list', '--runbooks', 'book'],
    ]) {
      const { exit, stdout, stderr } = await place.run(words);
      expect(stdout + stderr).not.toContain('I run');
      if (words[0] === 'list') expect(stdout).toContain('book/file.yaml');
      else {
        expect(exit, words.join(' ')).toBe(words[0] === 'validate' ? 2 : 3);
        expect(stdout + stderr).toContain(
          'book/file.yaml names the library ./steps.ts; its code would run with your rights',
        );
        expect(stdout + stderr).toMatch(
          /read it, then add --allow-libraries, or trust the folder for good: echo \S+\/book >> \S+\/trusted-folders/,
        );
      }
    }
    expect(await note()).toBeNull();
  });

  test('are loaded from a folder that the user trusts, and only if nobody else can write the list', async () => {
    await write('.config/claw-run/trusted-folders', `# mine\n${await realpath(place.folder)}/book\n`);
    const run = await place.run(['book/file.yaml', ...at(), '--yes']);
    expect(run.exit, run.stderr).toBe(0);
    expect(await note()).toBe('from a file');
    expect((await place.run(['rollback', '--yes'])).exit).toBe(0);
    expect(await note()).toBeNull();

    await write('other/file.yaml', runbook('[../book/steps.ts]', 'acme.note'));
    expect((await place.run(['other/file.yaml', ...at(), '--yes'])).exit).toBe(3);
    await write('book-of-others/steps.ts', steps('acme.note', 'x'));
    await write('book-of-others/file.yaml', runbook('[./steps.ts]', 'acme.note'));
    expect((await place.run(['book-of-others/file.yaml', ...at(), '--yes'])).exit).toBe(3);

    const { chmod } = await import('node:fs/promises');
    await chmod(join(place.folder, '.config/claw-run/trusted-folders'), 0o666);
    const { exit, stderr } = await place.run(['book/file.yaml', ...at(), '--yes']);
    expect(exit).toBe(3);
    expect(stderr).toContain('others can write');
  });

  test('are refused where others could change them', async () => {
    const { chmod } = await import('node:fs/promises');
    await chmod(join(place.folder, 'book/steps.ts'), 0o666);
    const { exit, stderr } = await place.run(['--allow-libraries', 'book/file.yaml', ...at(), '--yes']);
    expect(exit).toBe(3);
    expect(stderr).toContain('others can write');
  });

  test('hold for validate, plan and apply, diagnose, and in the library', async () => {
    expect(await place.run(['validate', '--allow-libraries', 'book/file.yaml'])).toMatchObject({ exit: 0 });
    // what is remembered as valid is not remembered for calls that may not load them
    expect(await place.run(['validate', 'book/file.yaml'])).toMatchObject({ exit: 2 });
    const plan = await place.run(['plan', '--allow-libraries', 'book/file.yaml', ...at(), '-o', 'plan.json']);
    expect(plan.exit, plan.stderr).toBe(0);
    expect(plan.stdout).toContain('claw-run apply plan.json --allow-libraries');
    expect((await place.run(['apply', 'plan.json'])).exit).toBe(3);
    expect((await place.run(['apply', 'plan.json', '--allow-libraries'])).exit).toBe(0);
    expect(await note()).toBe('from a file');
    const diagnose = await place.run(['diagnose', '--allow-libraries', 'book/file.yaml', ...at()]);
    expect(diagnose.exit, diagnose.stderr).toBe(0);
  });

  test.each([
    [
      '[./gone.ts]',
      /the library \.\/gone\.ts, which book\/odd\.yaml names, cannot be found\n.*there is no \S+\/gone\.ts/,
    ],
    [
      "['@acme/gone']",
      /the library @acme\/gone, which book\/odd\.yaml names, cannot be found\n.*npm install @acme\/gone/,
    ],
    ['steps.ts', /`libraries` must be a list/],
    [
      '["https://example.org/steps.js"]',
      /`https:\/\/example\.org\/steps\.js` is neither a file nor a package/,
    ],
    ['["data:text/javascript,1"]', /is neither a file nor a package/],
    ['["node:fs"]', /is neither a file nor a package/],
    ['[1]', /a library in `libraries` must be a (text|string)/],
    ['[./empty.ts]', /exports no steps/],
    ['[./broken.ts]', /cannot be loaded: this is broken/],
    ['[./steps.ts, ./steps.ts]', undefined],
  ])('that are wrong are told with what to do: %s', async (libraries, said) => {
    await write('book/empty.ts', 'export const nothing = 1;');
    await write('book/broken.ts', "throw new Error('this is broken');");
    await write('book/odd.yaml', runbook(libraries, 'acme.note'));
    const { exit, stdout, stderr } = await place.run([
      '--allow-libraries',
      'book/odd.yaml',
      ...at(),
      '--yes',
    ]);
    expect(exit, stderr).toBe(said === undefined ? 0 : 2);
    if (said !== undefined) expect(stdout + stderr).toMatch(said);
    expect(stderr).not.toContain('    at ');
  });

  test('a step of a library that nobody named is told as such', async () => {
    await write('book/odd.yaml', runbook('[]', 'acme.note'));
    const { exit, stderr } = await place.run(['book/odd.yaml', ...at(), '--yes']);
    expect(exit).toBe(2);
    expect(stderr).toContain('no library has `acme.note`');
    expect(stderr).toContain('`libraries: [./steps.ts]` in the runbook, or --library FILE');
  });

  test('a library that is gone since does not keep a run from being rolled back with another', async () => {
    await place.run(['--library', 'book/steps.ts', 'book/odd.yaml', ...at(), '--yes']);
    await write('book/plain.yaml', runbook('[]', 'acme.note'));
    expect((await place.run(['--library', 'book/steps.ts', 'book/plain.yaml', ...at(), '--yes'])).exit).toBe(
      0,
    );
    const { rename } = await import('node:fs/promises');
    await rename(join(place.folder, 'book/steps.ts'), join(place.folder, 'moved.ts'));
    const without = await place.run(['rollback', '--yes']);
    expect(without.stderr).toMatch(
      /warning: the library \S+\/book\/steps\.ts of r\S+ is gone; give another with --library FILE/,
    );
    expect(without.exit).toBe(6);
    expect((await place.run(['rollback', '--yes', '--library', 'moved.ts'])).exit).toBe(0);
    expect(await note()).toBeNull();
  });
});

test('a module that has nothing installed finds claw-run and zod in the command line', async () => {
  await write(
    'alone/steps.ts',
    `import * as zod from 'zod';\n${steps('acme.note', 'alone')}\nexport const schema = zod.string();`,
  );
  const { exit, stdout, stderr } = await place.run(['list', '--library', 'alone/steps.ts']);
  expect(exit, stderr).toBe(0);
  expect(stdout).toContain('acme.note');
  await write('alone/odd.ts', "import 'left-pad';");
  const odd = await place.run(['list', '--library', 'alone/odd.ts']);
  expect(odd.stderr).toContain("Cannot find package 'left-pad'");
});

test('programs load what a runbook names only where they say so, for runs and for their rollback', async () => {
  await write(
    'room.ts',
    `
    import { connectLocal, defineTransport } from 'claw-run';
    export const room = defineTransport({ scheme: 'room', summary: 'A room', connect: (_url, { env }) => connectLocal({ env: { PATH: env.PATH } }) });
  `,
  );
  await write(
    'book/both.yaml',
    runbook('[./steps.ts, ../room.ts]', 'acme.note').replace('default: local', "default: 'room://one'"),
  );
  await write(
    'program.ts',
    `
    import { existsSync, readFileSync } from 'node:fs';
    import { planRunbook, runRunbook, undoPastRun } from '${pathToFileURL(join(root, 'packages/claw-run/src/index.ts')).href}';
    const params = { path: '${join(place.folder, 'note')}' };
    const refused = await planRunbook('book/both.yaml', { params }).catch((error) => error.code);
    const done = await runRunbook('book/both.yaml', { params, yes: true, allowLibraries: true });
    const text = readFileSync(params.path, 'utf8');
    const without = await undoPastRun(done.run).then(({ status }) => status, (error) => error.code);
    const back = await undoPastRun(done.run, { allowLibraries: true });
    console.log(JSON.stringify({ refused, done: done.status, text, without, back: back.status, left: existsSync(params.path) }));
  `,
  );
  const { env, folder } = place;
  const { stdout, stderr } = await startProcess([process.execPath, 'program.ts'], { cwd: folder, env }).ended;
  expect(JSON.parse(stdout || JSON.stringify(stderr))).toEqual({
    refused: 'untrusted',
    done: 'ok',
    text: 'from a file',
    without: 'target-unbound',
    back: 'ok',
    left: false,
  });
});
