import { realpathSync } from 'node:fs';
import { chown, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { adviceFor } from '../../packages/claw-run/src/library-test/advice.ts';
import {
  eventsOf,
  fixtures,
  makePlace,
  normal,
  type Place,
  type RunOptions,
  root,
} from './support/claw-run.ts';

const graded = join(fixtures, 'graded');
const casesFiles = ['colour.cases.yaml', 'note.cases.yaml', 'written.cases.yaml'];

interface Library extends Place {
  /** What was told of the steps, `graded` last. */
  readonly grade: (args?: readonly string[], options?: RunOptions) => Promise<Told>;
}

interface Told {
  readonly exit: number | null;
  readonly grade: unknown;
  /** `id: law` of each failure. */
  readonly failed: readonly string[];
  /** `id: why` of each that was not tried. */
  readonly untried: readonly string[];
  readonly warnings: readonly string[];
  readonly messages: readonly string[];
}

/** A library in a folder of its own, which has its packages as any other has; temporary files of the call are in it, too. */
async function makeLibrary(files: { readonly [name: string]: string } = {}): Promise<Library> {
  const place = await makePlace();
  const own = { ...place.env, TMPDIR: join(place.folder, 'tmp') };
  await mkdir(own.TMPDIR);
  const modules = join(place.folder, 'node_modules');
  await mkdir(join(modules, '@claw-run'), { recursive: true });
  for (const name of ['core', 'testing', 'transports'])
    await symlink(join(root, 'packages', name), join(modules, '@claw-run', name));
  for (const name of ['vitest', 'zod'])
    await symlink(realpathSync(join(root, 'packages/testing/node_modules', name)), join(modules, name));
  await symlink(join(root, 'packages/claw-run'), join(modules, 'claw-run'));
  await cp(join(graded, 'steps.ts'), join(place.folder, 'steps.ts'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(place.folder, name), text);
  const start: Place['start'] = (args, options = {}) =>
    place.start(args, { ...options, env: { ...own, ...options.env } });
  return {
    ...place,
    start,
    run: (args, options) => start(args, options).ended,
    async grade(args = [], options = {}) {
      const { exit, stdout } = await start(
        ['test-library', './steps.ts', '--output', 'json', ...args],
        options,
      ).ended;
      return toldOf(exit, stdout);
    },
  };
}

interface Tried {
  readonly id: string;
  readonly failures: readonly { readonly law: string; readonly message: string }[];
  readonly untried: readonly { readonly why: string }[];
  readonly warnings: readonly string[];
}

function toldOf(exit: number | null, stdout: string): Told {
  const events = eventsOf(stdout);
  const units = events.slice(0, -1) as unknown as readonly Tried[];
  return {
    exit,
    grade: events.at(-1)?.grade,
    failed: units.flatMap(({ id, failures }) => [...new Set(failures.map(({ law }) => `${id}: ${law}`))]),
    untried: units.flatMap(({ id, untried }) => untried.map(({ why }) => `${id}: ${why}`)),
    warnings: units.flatMap(({ id, warnings }) => warnings.map((warning) => `${id}: ${warning}`)),
    messages: units.flatMap(({ failures }) => failures.map(({ message }) => message)),
  };
}

/** The good library with one piece of its text replaced. */
async function broken(from: string, to: string): Promise<Library> {
  const text = await readFile(join(graded, 'steps.ts'), 'utf8');
  expect(text.split(from), `${from} is there once`).toHaveLength(2);
  return makeLibrary({ 'steps.ts': text.replace(from, () => to) });
}

async function withCases(): Promise<Library> {
  const library = await makeLibrary();
  for (const name of casesFiles) await cp(join(graded, name), join(library.folder, name));
  return library;
}

const onThisMachine = ['--target', 'host=local', '--yes'];

/** Screens without versions and times. */
function screen(text: string): string {
  return normal(text).replaceAll(/\b\d+\.\d+\.\d+\b/g, 'VERSION');
}

describe('a library that keeps the laws', () => {
  test('passes, is told in a line a step, and leaves nothing behind', async () => {
    const { run, folder } = await withCases();
    const { exit, stdout, stderr } = await run(['test-library', './steps.ts', ...onThisMachine]);
    expect({ exit, stderr, stdout: screen(stdout) }).toMatchInlineSnapshot(`
      {
        "exit": 0,
        "stderr": "",
        "stdout": "✓ steps.ts                     4 passed
      ✓ graded.colour                9 passed
      ✓ graded.note                  9 passed
      ✓ graded.written               7 passed

      passed: steps.ts, 3 steps; 29 passed, 0 failed, 0 not tried, 0 warnings (N s, vitest VERSION,
      @claw-run/testing VERSION)
      ",
      }
    `);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  });

  test('is incomplete without a host, and says what names one', async () => {
    const { run, grade } = await withCases();
    const { exit, stdout } = await run(['test-library', './steps.ts']);
    expect({ exit, stdout: screen(stdout) }).toMatchInlineSnapshot(`
      {
        "exit": 0,
        "stdout": "✓ steps.ts                     4 passed
      ✓ graded.colour                9 passed
      – graded.note                  5 passed, 1 not tried: no host; --target host=…
      – graded.written               5 passed, 1 not tried: no host; --target host=…

      incomplete: steps.ts, 3 steps; 23 passed, 0 failed, 2 not tried, 0 warnings (N s, vitest VERSION,
      @claw-run/testing VERSION)
      ",
      }
    `);
    expect(await grade(['--detailed-exitcode'])).toMatchObject({ exit: 13, grade: 'incomplete', failed: [] });
  });

  test('that needs a world says so, until `subjects` make one', async () => {
    const [text, needs] = [
      await readFile(join(graded, 'steps.ts'), 'utf8'),
      'desire: (input) => ({ map: { colour',
    ];
    const choosy = text.replace(
      needs,
      "desire: (input, seen) => seen.map === null ? { refused: 'there is none' } : ({ map: { colour",
    );
    expect(choosy).not.toBe(text);
    const withSubjects = await makeLibrary({ 'steps.ts': choosy });
    expect(await withSubjects.grade()).toMatchObject({
      failed: [],
      untried: ['graded.note: no host; --target host=…', 'graded.written: no host; --target host=…'],
    });
    const without = await makeLibrary({
      'steps.ts': choosy.replace('export const subjects', 'export const worlds'),
    });
    expect(await without.grade()).toMatchObject({
      exit: 0,
      grade: 'incomplete',
      failed: [],
      untried: [
        'graded.colour: needs a world: export `subjects` (where nothing is, it is refused: there is none)',
        'graded.note: no host; --target host=…',
        'graded.written: no host; --target host=…',
      ],
    });
    expect((await without.grade(onThisMachine)).untried.slice(1)).toEqual(
      ['graded.note', 'graded.written'].map(
        (id) =>
          `${id}: needs a world: export \`subjects\` (examples are not tried on this machine: what they read would be deleted)`,
      ),
    );
  });

  test('may be a folder with a package.json, or a package that is installed', async () => {
    const { folder, run } = await makeLibrary();
    const modules = join(folder, 'node_modules');
    await mkdir(join(folder, 'lib/src'), { recursive: true });
    await cp(join(folder, 'steps.ts'), join(folder, 'lib/steps.ts'));
    await cp(join(graded, 'note.cases.yaml'), join(folder, 'lib/src/note.cases.yaml'));
    await cp(join(graded, 'note.cases.yaml'), join(folder, 'lib/src/letter.cases.yaml'));
    const exports = { '.': { types: './steps.d.ts', import: './steps.ts' }, './broken': './gone.js' };
    await writeFile(join(folder, 'lib/package.json'), JSON.stringify({ name: '@acme/lib', exports }));
    await mkdir(join(modules, '@acme'));
    await symlink(join(folder, 'lib'), join(modules, '@acme/lib'));
    for (const path of ['lib', '@acme/lib']) {
      const { exit, stdout } = await run(['test-library', path, '--output', 'json']);
      const { grade, failed, warnings } = toldOf(exit, stdout);
      expect({ grade, failed }).toEqual({ grade: 'incomplete', failed: [] });
      expect(warnings).toContainEqual(
        expect.stringMatching(/^.*lib: no step is named like .*letter\.cases\.yaml$/),
      );
      expect(warnings).not.toContain('graded.note: it has no cases: note.cases.yaml');
    }
    const said = async (path: string) => {
      const { exit, stderr } = await run(['test-library', path]);
      return `${exit} ${normal(stderr)}`;
    };
    expect([
      await said('@acme/lib/broken'),
      await said('nothing-here'),
      await said('node_modules'),
    ]).toMatchInlineSnapshot(`
      [
        "2 claw-run: the package.json of @acme/lib/broken names no module ./broken that is there: FOLDER/node_modules/@acme/lib/gone.js
        it names one by "exports" or "main"; is the package built?
      ",
        "2 claw-run: there is no library nothing-here: no file, no folder and no package of that name
        it takes an ES module, as ./steps.ts, a folder with a package.json, or the name of a package
      ",
        "2 claw-run: node_modules is a folder without a package.json
        it takes an ES module, as ./steps.ts, a folder with a package.json, or the name of a package
      ",
      ]
    `);
  });
});

describe('a library that is broken in one way', () => {
  const host = onThisMachine;
  test.each<
    [what: string, change: [from: string, to: string], expected: Partial<Told>, args?: readonly string[]]
  >([
    [
      'a step that cannot lead back to all that was there',
      ['mode: file.mode }', 'mode: 0o600 }'],
      { failed: ['graded.note: what was rolled back is as it was before'] },
      host,
    ],
    [
      'facts that depend on the time',
      ['text: fileFact({ path: input.path,', 'text: fileFact({ path: `${input.path}${Date.now()}`,'],
      { failed: ['graded.written: facts is pure'] },
    ],
    [
      'facts that change their input',
      [
        'facts: (input) => ({\n    text:',
        "facts: (input) => ({\n    other: ((input as { path: string }).path += 'x', fileFact({ path: input.path, parse: () => null })),\n    text:",
      ],
      { failed: ['graded.written: facts is pure'] },
    ],
    [
      'an example that does not parse',
      ["with: { path: '/srv/graded-note' } }", "with: { file: '/srv/graded-note' } as never }"],
      { failed: ['graded.written: it has examples, and each parses'] },
    ],
    [
      'a prediction that does not come true',
      ['mode: to.note.mode }', 'mode: 0o604 }'],
      { failed: ['graded.note: what is planned can be applied'] },
      host,
    ],
    [
      'a step that is never done',
      [
        'desire: (input) => ({ map: { colour: input.colour',
        "desire: (input, seen) => ({ map: { colour: `${seen.map?.colour ?? ''}${input.colour}`",
      ],
      { failed: ['graded.colour: what was applied needs no change'] },
    ],
    [
      'a check that answers otherwise the second time',
      [
        'expect: (_input, seen) => (seen.text ?',
        'expect: (_input, seen) => (((globalThis as any).asked = ((globalThis as any).asked ?? 0) + 1) % 2 === 0 && seen.text !== undefined ?',
      ],
      { failed: ['graded.written: what it answers is pure'] },
    ],
    [
      'a secret among the words of a command',
      [
        "      : [{ do: 'write', path: input.path,",
        "      : [{ do: 'run', argv: ['logger', to.note.text.reveal()] }, { do: 'write', path: input.path,",
      ],
      { failed: ['graded.note: no secret is a word of a command'] },
    ],
    [
      'an id of two steps',
      ["id: 'graded.written'", "id: 'graded.note'"],
      { failed: ['steps.ts: no two have one id'] },
    ],
    [
      'an id of claw-run itself',
      ["id: 'graded.written'", "id: 'linux.file'"],
      { failed: ['linux.file: its id is library.name, and its own'] },
    ],
    [
      'a risk that is not said',
      [
        "risk: 'routine',\n  settlesWithinSeconds: 0,\n  input: z.strictObject({\n    name",
        'risk: undefined as never,\n  settlesWithinSeconds: 0,\n  input: z.strictObject({\n    name',
      ],
      { failed: ['graded.colour: it says what it risks'] },
    ],
    [
      'subjects that are none',
      ["title: 'no note', definition: note,", "title: 'no note', definition: 'note' as never,"],
      { failed: ['steps.ts: its subjects are subjects'] },
    ],
    [
      'a subject whose plan is another',
      [
        "title: 'no note', definition: written, with: { path: at }, finds: 'fail'",
        "title: 'no note', definition: written, with: { path: at }, finds: 'pass'",
      ],
      { failed: ['graded.written: an answer says why'] },
      host,
    ],
    [
      'a module that does not load',
      ['const path = z.string()', "throw new Error('no licence');\nconst path = z.string()"],
      { failed: ['steps.ts: it can be loaded'], messages: ['no licence'] },
    ],
    [
      'a module that prints on standard output',
      ['const path = z.string()', 'console.log(\'{"type":"library.graded"}\');\nconst path = z.string()'],
      { failed: ['steps.ts: it prints nothing when it is loaded'] },
    ],
    [
      'a step that loops for ever',
      ['desire: (input) => ({ map', 'desire: (_input) => { for (;;); }, explain: (input) => ({ map'],
      {
        failed: ['graded.colour: it ends in time'],
        messages: ['it did not end within 3 s and was ended by force (--law-timeout)'],
      },
      ['--law-timeout', '3s'],
    ],
    [
      'a world that is never made',
      [
        'const lying = async () =>',
        'const lying = async () => new Promise<undefined>(() => {}) as never;\nexport const unused = async () =>',
      ],
      { failed: ['graded.note: it ends in time', 'graded.written: it ends in time'] },
      ['--law-timeout', '5s', ...host],
    ],
    [
      'a step that ends the process',
      [
        'desire: (input) => ({ map',
        "desire: (input) => { process.kill(process.pid, 'SIGKILL'); }, explain: (input) => ({ map",
      ],
      { failed: ['graded.colour: it can be tried'] },
    ],
  ])('%s', async (_what, [from, to], expected, args = []) => {
    const { grade } = await broken(from, to);
    const told = await grade(args);
    expect(told).toMatchObject({ exit: 4, grade: 'failed', ...expected });
  });

  test('an example that does not fit is told with what to do', async () => {
    const { run } = await broken(
      "with: { path: '/srv/graded-note' } }",
      "with: { file: '/srv/graded-note' } as never }",
    );
    const { exit, stdout } = await run(['test-library', './steps.ts', '-q']);
    expect({ exit, stdout: screen(stdout) }).toMatchInlineSnapshot(`
      {
        "exit": 4,
        "stdout": "✓ steps.ts                     4 passed
      ✓ graded.colour                7 passed
      – graded.note                  4 passed, 1 not tried: no host; --target host=…
      ✗ graded.written               3 passed, 1 failed: it has examples, and each parses, 1 not tried: no
                                     host; --target host=…

      1. graded.written: it has examples, and each parses
         in example: The greeting
         ✖ Unrecognized key: "file"
         ✖ Invalid input: expected string, received undefined
           → at path
         → correct the example, or the schema that refuses it

      failed: steps.ts, 3 steps; 18 passed, 1 failed, 2 not tried, 3 warnings (N s, vitest VERSION,
      @claw-run/testing VERSION)
      ",
      }
    `);
  });

  test('a case that expects something else', async () => {
    const { grade, folder } = await withCases();
    const file = join(folder, 'colour.cases.yaml');
    await writeFile(
      file,
      (await readFile(file, 'utf8')).replace('{ map: { colour: blue } }', '{ map: { colour: green } }'),
    );
    expect(await grade()).toMatchObject({ exit: 4, failed: ['graded.colour: its cases hold'] });
    await writeFile(file, '- name: [');
    expect(await grade()).toMatchObject({ exit: 4, failed: ['graded.colour: its cases can be read'] });
  });

  test('a module that exports nothing to try', async () => {
    const { grade } = await makeLibrary({ 'steps.ts': 'export const nothing = 1;\n' });
    expect(await grade()).toMatchObject({ exit: 4, failed: ['steps.ts: it exports steps or transports'] });
  });

  test('a module that never loads', async () => {
    const { grade } = await makeLibrary({ 'steps.ts': 'for (;;);\n' });
    expect(await grade(['--law-timeout', '1s'])).toMatchObject({
      exit: 4,
      failed: ['steps.ts: it ends in time'],
      messages: ['it did not end within 1 s and was ended by force (--law-timeout)'],
    });
  });
});

describe('transports', () => {
  const library = (exit: string) => `
import { childEnv, connectHost, defineTransport, processChannel } from 'claw-run';
export const shed = defineTransport({
  scheme: 'shed',
  summary: 'A shell of this machine',
  async connect(_url, settings) {
    const host = connectHost({
      ...settings,
      shell: {
        open: async () => processChannel(['sh'], childEnv(settings.env), ({ exit }) => ({ end: 'exited', exit: exit ?? 137 })),
        close: () => Promise.resolve(),
      },
    });
    const read = async (wanted, options) => {
      const said = await host.read(wanted, options);
      return wanted.read === 'run' ? { ...said, exit: ${exit} } : said;
    };
    return { ...host, read };
  },
});
`;
  const at = ['--target', 'shed=shed://here', '--target', 'beside=local', '--yes'];

  test('are held to the contract of hosts where one is named', async () => {
    const { grade } = await makeLibrary({ 'steps.ts': library('said.exit') });
    const { failed, untried, grade: found } = await grade(at);
    expect({ failed, found }).toEqual({ failed: [], found: 'incomplete' });
    expect(new Set(untried)).toEqual(new Set(['shed: no sudo here', 'shed: nobody else here']));
    expect(await grade()).toMatchObject({ exit: 0, untried: ['shed: no host; --target shed=shed://…'] });
  });

  test('that break it are told by the claim that does not hold', async () => {
    const { grade } = await makeLibrary({ 'steps.ts': library('said.exit === 126 ? 127 : said.exit') });
    expect(await grade(at)).toMatchObject({
      exit: 4,
      failed: ['shed: a command gives its exit status and both outputs, whatever the status'],
    });
  });
});

describe('what it needs', () => {
  test('without vitest or the laws, it says what installs them', async () => {
    const { run, folder } = await makeLibrary();
    const said = async () => {
      const { exit, stderr } = await run(['test-library', './steps.ts']);
      return `${exit} ${normal(stderr)}`;
    };
    const modules = join(folder, 'node_modules');
    await rm(join(modules, '@claw-run/testing'));
    const laws = await said();
    await rm(join(modules, 'vitest'));
    const both = await said();
    // a copy, which has no vitest beside it
    await mkdir(join(modules, '@claw-run/testing'));
    await writeFile(join(modules, '@claw-run/testing/package.json'), '{"version":"0.1.0"}');
    await writeFile(join(modules, '@claw-run/testing/index.js'), '');
    expect([laws, both, await said()]).toMatchInlineSnapshot(`
      [
        "2 claw-run: @claw-run/testing cannot be found from FOLDER: the library is tried with its own
        npm i -D @claw-run/testing
      ",
        "2 claw-run: @claw-run/testing and vitest cannot be found from FOLDER: the library is tried with its own
        npm i -D @claw-run/testing vitest
      ",
        "2 claw-run: vitest cannot be found from FOLDER: the library is tried with its own
        npm i -D vitest
      ",
      ]
    `);
  });

  test.skipIf(process.getuid?.() !== 0)('it takes nothing of another user', async () => {
    const { run, folder } = await makeLibrary();
    await chown(join(folder, 'node_modules'), 12345, 12345);
    const { exit, stderr } = await run(['test-library', './steps.ts']);
    expect({ exit, stderr: normal(stderr) }).toMatchInlineSnapshot(`
      {
        "exit": 3,
        "stderr": "claw-run: @claw-run/testing is not used: FOLDER/node_modules belongs to user 12345
        install it in a folder of your own: npm i -D @claw-run/testing
      ",
      }
    `);
  });

  test('laws of hosts act nowhere that nobody agreed to', async () => {
    const { run } = await makeLibrary();
    const said = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
      const { exit, stdout, stderr } = await run(['test-library', './steps.ts', ...args], { env });
      return `${exit} ${stdout.includes('no host') ? 'no host is tried' : ''}${stderr}`;
    };
    expect([
      await said(['--target', 'host=local']),
      await said([], { CLAW_TARGET: 'host=local', CLAW_YES: '1' }),
      await said(['--target', 'host']),
      await said(['--target', 'shed=local', '--yes']),
      await said(['--target', 'host=no-such-host.invalid', '--yes']),
      await said(['--sudo-password-from', 'prompt']),
      await said(['--law-timeout', 'soon']),
    ]).toMatchInlineSnapshot(`
      [
        "12 claw-run: The laws delete and change what the steps read, and act, on this machine (local): approval needed, and no terminal to ask on
        --yes approves it
      ",
        "0 no host is tried",
        "2 claw-run: --target does not understand host
        as host=local, or host=root@test-01
      ",
        "2 claw-run: --target does not understand shed=local
        it takes host=WHERE, cluster=CONTEXT, beside=WHERE, or an address for a transport: SCHEME=SCHEME://…
      ",
        "3 claw-run: root@no-such-host.invalid:22 cannot be reached: there is no host of the name no-such-host.invalid
        correct the name, or set HostName in ~/.ssh/config
      ",
        "2 claw-run: --sudo-password-from prompt: nobody can be asked while a library is tried
        use env:NAME or file:PATH
      ",
        "2 claw-run: --law-timeout does not understand "soon"
        as 30s or 5m
      ",
      ]
    `);
  });

  test('Ctrl-C ends it, and nothing is left', async () => {
    const { start, folder } = await makeLibrary();
    const mark = join(folder, 'begun');
    const text = await readFile(join(graded, 'steps.ts'), 'utf8');
    await writeFile(
      join(folder, 'steps.ts'),
      text.replace(
        'const lying = async () =>',
        () =>
          `const lying = async () => { await writeFile(${JSON.stringify(mark)}, String(process.pid)); await new Promise(() => setInterval(() => {}, 1000)); };\nexport const unused = async () =>`,
      ),
    );
    const started = start(['test-library', './steps.ts', '--output', 'json', ...onThisMachine]);
    await expect.poll(() => readFile(mark, 'utf8').catch(() => '')).not.toBe('');
    const pid = Number(await readFile(mark, 'utf8'));
    started.kill('SIGINT');
    const { exit, stderr } = await started.ended;
    expect({ exit, stderr }).toMatchInlineSnapshot(`
      {
        "exit": 130,
        "stderr": "
      SIGINT: stopping; what laws made on targets that are no practice world stays there
      claw-run: interrupted by SIGINT; the library was not graded
      ",
      }
    `);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  test('--timeout ends all of it', async () => {
    const { run, folder } = await makeLibrary({
      'steps.ts': 'await new Promise((done) => setTimeout(done, 100000));\n',
    });
    const { exit, stderr } = await run(['test-library', './steps.ts', '--timeout', '2s']);
    expect({ exit, stderr }).toMatchInlineSnapshot(`
      {
        "exit": 9,
        "stderr": "claw-run: the run timed out after 2s (--timeout)
      ",
      }
    `);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  });
});

test('reports say the same: JUnit, Markdown, HTML', async () => {
  const { run, folder } = await broken("id: 'graded.written'", "id: 'Graded<b>'");
  const reports = ['junit:out/laws.xml', 'markdown:out/laws.md', 'html:out/laws.html'];
  const { exit } = await run([
    'test-library',
    './steps.ts',
    ...reports.flatMap((each) => ['--report', each]),
  ]);
  expect(exit).toBe(4);
  const [xml, markdown, html] = await Promise.all(
    ['laws.xml', 'laws.md', 'laws.html'].map((name) => readFile(join(folder, 'out', name), 'utf8')),
  );
  expect(screen(markdown ?? '')).toMatchInlineSnapshot(`
    "# steps.ts

    **failed**: 3 steps; 18 passed, 1 failed, 2 not tried, 3 warnings (N s, vitest VERSION, @claw-run/testing VERSION)

    ## Steps and transports

    | Grade | What | Passed | Failed | Not tried |
    | --- | --- | --- | --- | --- |
    | passed | steps.ts | 4 | 0 | 0 |
    | passed | graded.colour | 7 | 0 | 0 |
    | incomplete | graded.note | 4 | 0 | 1 |
    | failed | Graded\\<b\\> | 3 | 1 | 1 |

    ## Failures

    - **Graded\\<b\\>**: its id is library.name, and its own (says what it is)

      "Graded\\<b\\>" is no id

      name it as \\\`library.name\\\`, in lower case with dashes, and unlike what comes with claw-run

    ## Not tried

    - graded.note, keeps the laws on a target: no host; --target host=…
    - Graded\\<b\\>, keeps the laws on a target: no host; --target host=…

    ## Warnings

    - graded.colour: it has no cases: colour.cases.yaml
    - graded.note: it has no cases: note.cases.yaml
    - Graded\\<b\\>: it has no cases: Graded\\<b\\>.cases.yaml
    "
  `);
  expect(xml).toContain('failures="1" errors="0" skipped="2"');
  expect(xml).toContain(
    '<failure message="its id is library.name, and its own: &quot;Graded&lt;b&gt;&quot; is no id">',
  );
  expect(xml).toContain('<skipped message="no host; --target host=…"/>');
  expect(html).toContain('<strong class="bad">failed</strong>');
  expect(html).toContain(
    '<strong>Graded&lt;b&gt;</strong>: <span class="bad">its id is library.name, and its own</span>',
  );
  const wrong = await run(['test-library', './steps.ts', '--report', 'xml:x']);
  expect(wrong).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('--report does not understand xml:x'),
  });
});

test('what is told as JSON: one object a step, and the grade', async () => {
  const { run } = await broken(
    "with: { path: '/srv/graded-note' } }",
    "with: { file: '/srv/graded-note' } as never }",
  );
  const { stdout } = await run(['test-library', './steps.ts', '--output', 'json']);
  const [, , , written, end] = eventsOf(stdout).map((event) => ({ ...event, seconds: 0, startedAt: '' }));
  expect({ written, end: { ...end, by: {} } }).toMatchInlineSnapshot(`
    {
      "end": {
        "by": {},
        "exit": 4,
        "grade": "failed",
        "library": "steps.ts",
        "seconds": 0,
        "startedAt": "",
        "tests": {
          "failed": 1,
          "passed": 18,
          "untried": 2,
        },
        "type": "library.graded",
        "units": {
          "failed": 1,
          "incomplete": 1,
          "passed": 2,
        },
      },
      "written": {
        "failures": [
          {
            "advice": "correct the example, or the schema that refuses it",
            "law": "it has examples, and each parses",
            "message": "✖ Unrecognized key: "file"
    ✖ Invalid input: expected string, received undefined
      → at path",
            "where": "example: The greeting",
          },
        ],
        "grade": "failed",
        "id": "graded.written",
        "kind": "step",
        "passed": 3,
        "seconds": 0,
        "startedAt": "",
        "type": "library.tried",
        "untried": [
          {
            "what": "keeps the laws on a target",
            "why": "no host; --target host=…",
          },
        ],
        "warnings": [
          "it has no cases: written.cases.yaml",
        ],
      },
    }
  `);
});

test('the libraries of claw-run break no law but that their ids are taken', async () => {
  const { run } = await makePlace();
  for (const name of ['linux', 'slurm', 'kubernetes', 'openclaw']) {
    const { exit, stdout } = await run(['test-library', join(root, 'packages', name), '--output', 'json']);
    const { failed } = toldOf(exit, stdout);
    expect(failed.filter((each) => !each.endsWith(': its id is library.name, and its own'))).toEqual([]);
    expect(failed.length, name).toBeGreaterThan(0);
  }
});

test('there is advice for each law of the suites', async () => {
  const folder = join(root, 'packages/testing/src');
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const laws = texts.flatMap((text) =>
    [...text.matchAll(/\blaw\(\s*['`]([^'`$]+)/g)].map(([, law = '']) => law.trim()),
  );
  expect(laws.length).toBeGreaterThan(30);
  expect(laws.filter((law) => adviceFor(law) === undefined)).toEqual([]);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
