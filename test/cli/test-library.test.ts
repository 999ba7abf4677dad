import { chown, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startApiServer } from '@claw-run/sandbox';
import { describe, expect, onTestFinished, test } from 'vitest';
import { adviceFor } from '../../packages/claw-run/src/library-test/advice.ts';
import { eventsOf, makePlace, normal, root } from './support/claw-run.ts';
import { broken, graded, makeLibrary, onThisMachine, screen, toldOf, withCases } from './support/graded.ts';

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
        expect.stringMatching(/^@acme\/lib: no step is named like .*letter\.cases\.yaml$/),
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
      SIGINT: stopping; what the laws made on this machine (local) may stay there
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

test('a cluster of one’s own is taken where it is named', async () => {
  const { grade, run, folder } = await makeLibrary();
  const server = await startApiServer();
  onTestFinished(() => server.close());
  await writeFile(join(folder, 'kubeconfig'), server.kubeconfig, { mode: 0o600 });
  const named = ['--target', 'cluster=sandbox', '--kubeconfig', 'kubeconfig'];
  expect(await grade(named)).toMatchObject({ exit: 12 });
  expect(await grade([...named, '--yes'])).toMatchObject({ exit: 0, failed: [] });
  const wrong = await run(['test-library', './steps.ts', ...named.with(1, 'cluster=nowhere'), '--yes']);
  expect(wrong).toMatchObject({ exit: 2, stdout: '', stderr: expect.stringContaining('nowhere') });
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
        "status": "verification-failed",
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
  for (const name of ['linux', 'kubernetes']) {
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
