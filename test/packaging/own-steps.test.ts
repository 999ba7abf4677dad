import { describe, expect, test } from 'vitest';
import { newConsumer } from './support/consumer.ts';

/** A step library of somebody's own: it knows the contract alone. */
const library = `
import { defineCheck, defineState, fail, fileFact, pass, Secret } from '@claw-run/core';
import * as z from 'zod';

const note = (path: string) => fileFact({ path, parse: (file) => (file === null ? null : String(file.content)) });

export const line = defineState({
  id: 'acme.note', on: 'host', summary: 'A note says something', risk: 'routine',
  input: z.strictObject({ path: z.string(), text: z.string() }),
  examples: [{ title: 'Hello', with: { path: '/tmp/note', text: 'hello' } }],
  facts: ({ path }) => ({ note: note(path) }),
  desire: ({ text }) => ({ note: text }),
  actions: (_from, to, { path }) => (to.note === null ? [{ do: 'remove', path }] : [{ do: 'write', path, content: to.note, mode: 0o644 }]),
});

export const password = defineState({
  id: 'acme.password', on: 'host', summary: 'A password is kept', risk: 'routine',
  input: z.strictObject({ path: z.string(), text: z.union([z.instanceof(Secret), z.string().transform((text) => new Secret(text))]) }),
  examples: [{ title: 'One', with: { path: '/tmp/password', text: 'hunter2' } }],
  facts: ({ path }) => ({ file: fileFact({ path, parse: (file) => (file === null ? null : new Secret(file.content)) }) }),
  desire: ({ text }) => ({ file: text }),
  actions: (_from, to, { path }) => (to.file === null ? [{ do: 'remove', path }] : [{ do: 'write', path, content: to.file, mode: 0o600 }]),
});

export const says = defineCheck({
  id: 'acme.note-says', on: 'host', summary: 'A note says something',
  input: z.strictObject({ path: z.string(), text: z.string() }),
  examples: [{ title: 'Hello', with: { path: '/tmp/note', text: 'hello' } }],
  facts: ({ path }) => ({ note: note(path) }),
  expect: ({ text }, seen) => (seen.note === text ? pass('it says it') : fail(\`it says \${seen.note}\`)),
});
`;

const laws = `
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeLaws } from '@claw-run/testing';
import { connectLocal } from '@claw-run/transports';
import { line, says } from './steps.ts';

const path = join(mkdtempSync(join(tmpdir(), 'acme-')), 'note');
const before = (text: string) => async () => writeFileSync(path, text);
describeLaws(
  [
    { title: 'no note', definition: line, with: { path, text: 'hello' } },
    { title: 'another note', definition: line, with: { path, text: 'hello' }, before: before('good-bye') },
    { title: 'the note', definition: line, with: { path, text: 'hello' }, before: before('hello'), plans: 'settled' },
    { title: 'the note', definition: says, with: { path, text: 'hello' }, before: before('hello'), finds: 'pass' },
  ],
  { connect: async () => connectLocal({ env: process.env }) },
);
`;

const runbook = `
runbook: note-wrong
version: 1
title: A note says the wrong thing
params:
  path: { type: string }
  password: { type: secret, from: ['env:PASSWORD'] }
targets:
  here: { kind: host, default: local }
causes:
  wrong: { title: It says something else, uses: acme.note-says, with: { path: '\${{ params.path }}', text: hello } }
steps:
  - { id: note, if: causes.wrong.found, uses: acme.note, with: { path: '\${{ params.path }}', text: hello } }
  - { id: password, uses: acme.password, with: { path: '\${{ params.path }}.password', text: '\${{ params.password }}' } }
verify:
  - { uses: acme.note-says, name: It says it, with: { path: '\${{ params.path }}', text: hello } }
`;

const tsconfig = {
  compilerOptions: {
    strict: true,
    skipLibCheck: false,
    module: 'nodenext',
    target: 'es2024',
    noEmit: true,
    types: ['node'],
    allowImportingTsExtensions: true,
  },
  include: ['steps.ts', 'laws.test.ts'],
};

describe.each([
  ['vitest 5 and the newest zod', 'ours', 'npm', ['vitest@5', 'zod@4']],
  ['the oldest vitest and zod that are allowed, by pnpm', 'oldest', 'pnpm', ['vitest@4.1.0', 'zod@4.1.0']],
] as const)("a step library of one's own, with %s", (_, which, manager, versions) => {
  test('keeps the laws, and its secrets are hidden', async () => {
    const { install, run, write, node, folder } = newConsumer(which, manager);
    write({ 'steps.ts': library, 'laws.test.ts': laws, 'note.yaml': runbook, 'tsconfig.json': tsconfig });
    await install([
      'claw-run',
      '@claw-run/core',
      '@claw-run/testing',
      '@claw-run/transports',
      'typescript@7',
      '@types/node@24',
      ...versions,
    ]);
    await run(['tsc', '-p', '.']);
    const { stdout } = await run([node, 'node_modules/vitest/vitest.mjs', 'run', '--reporter=verbose'], {
      env: { CI: 'true', NO_COLOR: '1' },
    });
    for (const law of ['has examples, and each parses', 'killed anywhere', 'keeps the laws of one run'])
      expect(stdout).toContain(law);
    expect(stdout).toMatch(/Tests {2}\d+ passed/);

    const graded = await run(['claw-run', 'test-library', './steps.ts', '--output', 'json']);
    expect(graded.exit, graded.stdout).toBe(0);
    expect(graded.stdout).toContain('acme.note-says');
    expect(JSON.parse(graded.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ grade: 'incomplete' });

    const path = `${folder}/the-note`;
    write({ 'the-note': 'good-bye' });
    const secret = `s3cret-${Math.random()}`;
    const done = await run(
      [
        'claw-run',
        '--library',
        'steps.ts',
        'note.yaml',
        '-e',
        `path=${path}`,
        '--yes',
        '-vv',
        '--diff',
        '--output',
        'json',
      ],
      { env: { PASSWORD: secret } },
    );
    expect(done.exit).toBe(0);
    expect(done.stdout + done.stderr).not.toContain(secret);
    expect(done.stdout).toContain('‹secret›');
    const { stdout: kept } = await run([
      'sh',
      '-c',
      `cat ${path} ${path}.password; grep -r '${secret}' ../state | wc -l`,
    ]);
    expect(kept.trim()).toBe(`hello${secret}0`);
    expect((await run(['claw-run', '--library', 'steps.ts', 'rollback', '--yes'])).exit).toBe(0);
    expect((await run(['sh', '-c', `cat ${path}; ls ${path}*`])).stdout).toBe(`good-bye${path}\n`);
  });
});
