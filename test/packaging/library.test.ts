import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packages } from '../../scripts/packaging/packages.ts';
import { root } from '../support/programs.ts';
import { newConsumer } from './support/consumer.ts';

const strict = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  target: 'es2024',
  types: ['node'],
  noEmit: true,
  allowImportingTsExtensions: true,
};

/** Uses much of what the library gives, with the types written out where they are public. */
const program = `
import {
  type Connection, type Decisions, type Definition, type Problem, type RunEvent, type RunOutcome, type RunbookOptions,
  ClawError, compileRunbook, createLibrary, createRedactor, defineCheck, defineRunbook, defineState, diagnoseRunbook, fileFact,
  kubernetes, linux, openclaw, pass, planRunbook, refused, runRunbook, Secret, slurm, startPracticeCluster, undoPastRun, version, z,
} from 'claw-run';
import { existsSync, readFileSync } from 'node:fs';
import * as own from 'zod';

// a schema of the program's own zod, in a step: both are one copy
const note = defineState({
  id: 'acme.note', on: 'host', summary: 'A note says something', risk: 'routine',
  input: own.strictObject({ path: own.string(), text: own.string().default('hello') }),
  examples: [{ title: 'Hello', with: { path: '/tmp/note', text: 'hello' } }],
  facts: ({ path }) => ({ note: fileFact({ path, parse: (file) => (file?.content === undefined ? null : String(file.content)) }) }),
  desire: ({ text }) => (text === '' ? refused('there is nothing to say') : { note: text }),
  actions: (_from, to, { path }) => (to.note === null ? [{ do: 'remove', path }] : [{ do: 'write', path, content: to.note }]),
});
const present = defineCheck({
  id: 'acme.note-present', on: 'host', summary: 'A note is there', input: z.strictObject({ path: z.string() }),
  examples: [{ title: 'One', with: { path: '/tmp/note' } }],
  facts: ({ path }) => ({ note: fileFact({ path, parse: (file) => file !== null }) }),
  expect: (_input, { note }) => (note ? pass('it is there') : { verdict: 'fail', because: 'it is not there' } as never),
});
const path = process.argv[2] ?? '';
const runbook = defineRunbook({
  name: 'note', title: 'A note is missing',
  params: { text: { type: 'string', default: 'hi' } },
  targets: { here: { kind: 'host' } },
  steps: { note: { uses: note, on: 'here', with: ({ params }) => ({ path, text: params.text }) } },
});
const events: RunEvent['type'][] = [];
const options: RunbookOptions = { targets: { here: 'local' }, onEvent: (event) => { events.push(event.type as RunEvent['type']); } };
const planned: RunOutcome = await planRunbook(runbook, options);
const done = await runRunbook(runbook, { ...options, yes: true, params: { text: 'from the library' } });
const written = readFileSync(path, 'utf8');
const back = await undoPastRun(done.run, { ...options, library: [note] });
const library = createLibrary(kubernetes, linux, openclaw, slurm, [note, present] as readonly Definition[]);
const broken = await compileRunbook({ file: 'x.yaml', bytes: Buffer.from('runbook: x') }, { library, readInclude: async () => new Uint8Array() });
const problems: readonly Problem[] = broken.ok ? [] : broken.problems;
const error = await diagnoseRunbook('nowhere.yaml').catch((caught: unknown) => caught);
console.log(JSON.stringify({
  version, written, left: existsSync(path), statuses: [planned.status, done.status, back.status], verified: events.includes('step.verified'),
  problems: problems.length > 0, error: error instanceof ClawError && error.code, secret: String(new Secret('x')), size: library.size > 90,
}));
export type Seam = [Connection, Decisions];
void createRedactor; void startPracticeCluster;
`;

describe.each([
  ['nodenext', { module: 'nodenext', moduleResolution: 'nodenext' }],
  ['bundler', { module: 'esnext', moduleResolution: 'bundler' }],
] as const)('a strict program, modules resolved as by %s', (_, modules) => {
  test('compiles, loads no types of a Kubernetes client, and runs', async () => {
    const { install, run, write, folder, node } = newConsumer();
    write({
      'program.ts': program,
      'tsconfig.json': { compilerOptions: { ...strict, ...modules }, include: ['program.ts'] },
    });
    await install(['claw-run', 'zod', 'typescript@7', '@types/node@24']);
    const { stdout: files } = await run(['tsc', '-p', '.', '--listFiles']);
    const loaded = files.matchAll(/node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\/(?!.*node_modules)/g);
    const packages = new Set(
      [...loaded].map(([, name]) => name).filter((name) => !name?.includes('typescript')),
    );
    expect(packages).toEqual(new Set(['claw-run', 'zod', '@types/node', 'undici-types']));
    const { stdout } = await run([node, 'program.ts', join(folder, 'note')]);
    expect(JSON.parse(stdout)).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      statuses: ['ok', 'ok', 'ok'],
      written: 'from the library',
      left: false,
      verified: true,
      problems: true,
      error: 'runbook-unreadable',
      secret: '‹secret›',
      size: true,
    });
  });
});

test.each(['oldest', 'newest'])('the library runs on the %s Node.js, and imports little', async (which) => {
  const { install, run, write, node } = newConsumer(which);
  await install(['claw-run']);
  write({
    'program.js': `
      import { createRequire } from 'node:module';
      import { kubernetes, z } from 'claw-run';
      const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('/chunks/'));
      console.log(JSON.stringify({ steps: kubernetes.length > 20, z: typeof z.string, heavy: loaded.filter((file) => /ssh2|practice|x509|execa|websocket|dist-/.test(file)) }));`,
  });
  expect(JSON.parse((await run([node, 'program.js'])).stdout)).toEqual({
    steps: true,
    z: 'function',
    heavy: [],
  });
});

test('CommonJS can require it', async () => {
  const { install, run, write, node } = newConsumer('oldest');
  await install(['claw-run']);
  write({
    'program.cjs': "const { version, z } = require('claw-run'); console.log(version, typeof z.string);",
  });
  expect((await run([node, 'program.cjs'])).stdout).toMatch(/^\d+\.\d+\.\d+ function\n$/);
});

test('the examples run as they are', async () => {
  const { install, run, write, node } = newConsumer();
  const example = (name: string) => readFileSync(join(root, 'examples', name), 'utf8');
  await install(['claw-run']);
  write({
    '01-library.ts': example('01-library.ts').replace("'runbooks/", "'node_modules/claw-run/runbooks/"),
    '02-own-step.ts': example('02-own-step.ts'),
  });
  expect((await run([node, '01-library.ts'])).stdout).toContain('ok; it was: ');
  expect((await run([node, '02-own-step.ts'])).stdout).toContain('A namespace says which team it belongs to');
  const { stdout } = await run(['claw-run', '--library', '02-own-step.ts', 'list']);
  expect(stdout).toContain('acme.namespace-owner');
});

test('every entry point of every package is found and loads, where each has only what it asks for', async () => {
  const { install, run, write, node } = newConsumer('oldest', 'pnpm');
  const names = packages.map(({ manifest }) => manifest.name);
  const paths = packages.flatMap(({ manifest }) =>
    Object.keys(manifest.publishConfig.exports).flatMap((path) =>
      /json$|schema$/.test(path) ? [] : [`${manifest.name}${path.slice(1)}`],
    ),
  );
  write({
    'program.test.js': `
      import { expect, test } from 'vitest';
      test.each(${JSON.stringify(paths)})('%s', async (path) => {
        expect(Object.keys(await import(path)).length).toBeGreaterThan(0);
      });`,
  });
  await install([...names, 'vitest@5']);
  const { stdout } = await run([node, 'node_modules/vitest/vitest.mjs', 'run'], { env: { NO_COLOR: '1' } });
  expect(stdout).toContain(`Tests  ${paths.length} passed`);
});
