import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sample } from '@claw-run/testing';
import { describe, expect, test } from 'vitest';
import { broken, makeLibrary, onThisMachine, screen, type Told, withCases } from './support/graded.ts';

const host = onThisMachine;
type Way = [
  what: string,
  change: [from: string, to: string],
  expected: Partial<Told>,
  args?: readonly string[],
];

/** What is wrong with a library, and what is told of it. */
const ways: readonly Way[] = [
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
    { failed: ['graded.written: a check finds what it should'] },
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
      messages: ['it did not end within 8 s and was ended by force (--law-timeout)'],
    },
    ['--law-timeout', '8s'],
  ],
  [
    'a world that is never made',
    [
      'definition: written, with: { path: at }, before: lying',
      'definition: written, with: { path: at }, before: () => new Promise<undefined>(() => {})',
    ],
    {
      failed: ['graded.written: it ends in time'],
      messages: ['it did not end within 10 s (--law-timeout)'],
    },
    ['--law-timeout', '10s', ...host],
  ],
  [
    'a step that ends the process',
    [
      'desire: (input) => ({ map',
      "desire: (input) => { process.kill(process.pid, 'SIGKILL'); }, explain: (input) => ({ map",
    ],
    { failed: ['graded.colour: it can be tried'] },
  ],
];

describe('a library that is broken in one way', () => {
  test.each(sample(ways, 5, { key: 'broken libraries' }))(
    '%s',
    async (_what, [from, to], expected, args = []) => {
      const { grade } = await broken(from, to);
      const told = await grade(args);
      expect(told).toMatchObject({ exit: 4, grade: 'failed', ...expected });
    },
  );

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
