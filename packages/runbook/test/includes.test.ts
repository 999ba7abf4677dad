import { expect, test } from 'vitest';
import { problemsOf, runbookOf } from './compile.ts';
import { scope } from './scope.ts';

const fragment = `fragment: restart
version: 1
params:
  ns: { type: string }
  count: { type: integer, default: 2 }
  token: { type: secret, required: false }
steps:
  - id: roll
    uses: test.restart-workload
    with: { deployment: 'd\${{ params.count }}', namespace: '\${{ params.ns }}' }
  - id: again
    uses: test.restart-workload
    if: steps.roll.changed
    with: { deployment: '\${{ params.ns }}' }
`;

const runbook = (items: string) => `runbook: x
version: 1
title: x
params:
  a: { type: string, default: x }
targets: { cluster: { kind: cluster } }
steps:
${items}
  - id: last
    uses: test.restart-workload
    if: params.a != 'y'
    with: { deployment: x }
`;

test('a fragment brings its steps, with its own parameters and ids', async () => {
  const item = "  - include: ./parts/restart.yaml\n    id: workers\n    with: { ns: '${{ params.a }}-x' }";
  const text = runbook(item).replace("params.a != 'y'", 'steps.workers-again.changed');
  const { steps, sources } = await runbookOf(text, { 'parts/restart.yaml': fragment });
  const seen = { ...scope, params: { a: 'A' }, steps: { 'workers-roll': { changed: true, skipped: false } } };
  expect(Object.keys(sources)).toEqual(['x.yaml', 'parts/restart.yaml']);
  expect(steps.map(({ id, needs, position }) => [id, needs, position?.file])).toEqual([
    ['workers-roll', ['params.a'], 'parts/restart.yaml'],
    ['workers-again', ['params.a', 'steps.workers-roll'], 'parts/restart.yaml'],
    ['last', ['steps.workers-again'], 'x.yaml'],
  ]);
  expect(steps[0]?.with(seen)).toEqual({ deployment: 'd2', namespace: 'A-x' });
  expect(steps[1]?.if?.(seen)).toBe(true);
});

test('fragments nest, each beside the file that includes it', async () => {
  const outer = `${fragment}  - include: ../deep/inner.yaml\n    id: inner\n    with: { ns: '\${{ params.ns }}!', count: '\${{ params.count + 1 }}' }\n`;
  const { steps } = await runbookOf(
    runbook('  - include: a/outer.yaml\n    id: outer\n    with: { ns: N }'),
    {
      'a/outer.yaml': outer,
      'deep/inner.yaml': fragment,
    },
  );
  expect(steps.map(({ id }) => id)).toEqual([
    'outer-roll',
    'outer-again',
    'outer-inner-roll',
    'outer-inner-again',
    'last',
  ]);
  expect(steps[2]?.with(scope)).toEqual({ deployment: 'd3', namespace: 'N!' });
});

test('a fragment of checks can be included by verify', async () => {
  const checks = `fragment: proof\nversion: 1\nsteps:\n  - uses: test.can-i\n    with: { as: x, can: [y] }\n`;
  const { verify } = await runbookOf(`${runbook('')}verify:\n  - include: proof.yaml\n`, {
    'proof.yaml': checks,
  });
  expect(verify.map(({ id, uses }) => [id, uses.id])).toEqual([['can-i', 'test.can-i']]);
});

test('mistakes in an include and in its fragment are told in their files', async () => {
  const item =
    "  - include: r.yaml\n    id: w\n    if: true\n    with: { nss: '${{ params.b }}', count: x, token: abc }";
  const broken = fragment
    .replace('steps.roll', 'steps.rol')
    .replace('params.ns', 'facts.y')
    .replace('  count:', '  from: { type: string, from: [prompt] }\n  count:');
  expect(await problemsOf(runbook(item), { 'r.yaml': broken })).toMatchInlineSnapshot(`
    "x.yaml:8:14: the fragment r.yaml needs \`with.ns\` (string)
       8 |   - include: r.yaml
         |              ^^^^^^

    x.yaml:8:14: the fragment r.yaml needs \`with.from\` (string)
       8 |   - include: r.yaml
         |              ^^^^^^

    x.yaml:10:5: an include has no key \`if\`
      10 |     if: true
         |     ^^
    hint: put \`if\` on the steps of the fragment; give it a boolean parameter

    x.yaml:11:13: the fragment r.yaml has no parameter \`nss\`
      11 |     with: { nss: '\${{ params.b }}', count: x, token: abc }
         |             ^^^
    hint: did you mean \`ns\`?

    x.yaml:11:30: there is no \`params.b\`
      11 |     with: { nss: '\${{ params.b }}', count: x, token: abc }
         |                              ^
    hint: there is: \`a\`

    x.yaml:11:44: \`count\` must be an integer, this is the text \`x\`
      11 |     with: { nss: '\${{ params.b }}', count: x, token: abc }
         |                                            ^

    x.yaml:11:54: \`token\` must be a secret, this is the text \`abc\`
      11 |     with: { nss: '\${{ params.b }}', count: x, token: abc }
         |                                                      ^^^

    r.yaml:11:71: \`facts.y\` cannot be used here
      11 |     with: { deployment: 'd\${{ params.count }}', namespace: '\${{ facts.y }}' }
         |                                                                       ^
    hint: a fragment knows what \`with\` gives it: give it as a parameter

    r.yaml:14:15: there is no \`steps.rol\`
      14 |     if: steps.rol.changed
         |               ^^^
    hint: did you mean \`roll\`?"
  `);
});

test('missing files, cycles, runbooks and what is no fragment are told', async () => {
  const items = [
    'nope.yaml',
    'cycle.yaml',
    'x.yaml',
    'runbook.yaml',
    'binary.yaml',
    'https://x/y.yaml',
    'empty.yaml',
  ];
  const text = runbook(items.map((item) => `  - include: ${item}`).join('\n'));
  const problems = await problemsOf(text, {
    'cycle.yaml': 'fragment: a\nversion: 1\nsteps: [{ include: other.yaml }]\n',
    'other.yaml': 'fragment: b\nversion: 1\nsteps: [{ include: ./cycle.yaml }]\n',
    'runbook.yaml': runbook(''),
    'binary.yaml': new Uint8Array([0xff, 0x00]),
    'empty.yaml': 'fragment: c\nversion: 1\ntargets: {}\n',
  });
  expect(problems).toMatchInlineSnapshot(`
    "x.yaml:8:14: cannot read \`nope.yaml\`: there is no such file
       8 |   - include: nope.yaml
         |              ^^^^^^^^^
    hint: looked for nope.yaml

    x.yaml:10:14: the include leads back to itself: x.yaml → x.yaml
      10 |   - include: x.yaml
         |              ^^^^^^

    x.yaml:12:14: cannot read \`binary.yaml\`: the file is not UTF-8: byte 0 is 0xff
      12 |   - include: binary.yaml
         |              ^^^^^^^^^^^
    hint: save it as UTF-8

    x.yaml:13:14: \`include\` takes the path of a file
      13 |   - include: https://x/y.yaml
         |              ^^^^^^^^^^^^^^^^
    hint: copy the fragment beside the runbook

    other.yaml:3:20: the include leads back to itself: x.yaml → cycle.yaml → other.yaml → cycle.yaml
       3 | steps: [{ include: ./cycle.yaml }]
         |                    ^^^^^^^^^^^^

    runbook.yaml:1:1: this is a runbook; only a fragment can be included
       1 | runbook: x
         | ^^^^^^^
    hint: a fragment starts with \`fragment: NAME\`

    empty.yaml:1:1: the fragment has no \`steps\`
       1 | fragment: c
         | ^^^^^^^^^^^

    empty.yaml:3:1: a fragment has no key \`targets\`
       3 | targets: {}
         | ^^^^^^^
    hint: a fragment has \`params\` and \`steps\`; this belongs to the runbook"
  `);
});

test('steps of one name are told, with the way out', async () => {
  const items = '  - include: r.yaml\n    with: { ns: a }\n  - include: r.yaml\n    with: { ns: b }';
  expect(await problemsOf(runbook(items), { 'r.yaml': fragment })).toMatchInlineSnapshot(`
    "x.yaml:10:14: the include brings a step \`roll\`, and there is one (r.yaml:8)
      10 |   - include: r.yaml
         |              ^^^^^^
    hint: give the include an \`id\`: its steps are then called \`<id>-…\`

    x.yaml:10:14: the include brings a step \`again\`, and there is one (r.yaml:11)
      10 |   - include: r.yaml
         |              ^^^^^^
    hint: give the include an \`id\`: its steps are then called \`<id>-…\`"
  `);
});

test('includes without end are stopped', async () => {
  const bomb = (next: string) => `fragment: a\nversion: 1\nsteps:\n${`  - include: ${next}\n`.repeat(10)}`;
  const files = Object.fromEntries(
    [...'abcdefghij'].map((name, n) => [`${name}.yaml`, bomb(`${'abcdefghijk'[n + 1]}.yaml`)]),
  );
  expect(await problemsOf(runbook('  - include: a.yaml'), files)).toContain(
    'includes more than 100 fragments',
  );
});
