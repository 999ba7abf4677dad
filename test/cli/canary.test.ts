import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { found } from './support/canary.ts';
import { type Ended, eventsOf, fixtures, makePlace, type Place } from './support/claw-run.ts';

const canary = join(fixtures, 'canary.yaml');
const known = 'hush-hush-of-somebody-else';

/** Runs every command on a runbook whose secrets are these, and gives what it said, what it left, and what the host saw. */
async function everySink(one: string, two: string) {
  const place = await makePlace({ CANARY_ONE: one, CANARY_TWO: two });
  const world = join(place.folder, 'world');
  await mkdir(world);
  await writeFile(join(world, 'known'), `level = 1\npassword = ${known}\nother = 3\n`);
  const call = (...args: readonly string[]) => place.run(args);
  const given = [canary, '--target', 'here=local', '-e', `folder=${world}`];
  const reports = ['html', 'junit', 'markdown'].flatMap((kind) => [
    '--report',
    `${kind}:${join(place.folder, `r.${kind}`)}`,
  ]);
  const runs = {
    plan: await call('plan', ...given, '-o', 'plan.json', '-vvv'),
    quiet: await call('run', ...given, '--check', '--output', 'json'),
    apply: await call('apply', 'plan.json', '--yes', '-vvv', '-D', ...reports),
  };
  const written = await filesIn(world);
  const more = {
    rollback: await call('rollback', '--yes', '--output', 'json'),
    run: await call('run', ...given, '--yes', '-vv', '--output', 'json'),
    blurt: await call('run', ...given, '--yes', '-e', 'blurt=true', '-vvv', '-D', '--output', 'json'),
    told: await call('run', ...given, '--yes', '-e', 'blurt=true', '-vvv', '-D', ...reports),
    runs: await call('runs', '-vvv'),
    one: await call('runs', await latest(call), '-vvv'),
  };
  return { place, written, calls: { ...runs, ...more } };
}

async function latest(call: (...args: readonly string[]) => Promise<Ended>): Promise<string> {
  const { stdout } = await call('runs', '--output', 'json');
  const { runs } = JSON.parse(stdout) as { runs: readonly { run: string }[] };
  return runs[0]?.run ?? '';
}

async function filesIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const)));
}

/** Where secrets are found that should be nowhere: `what they are found in: form`. */
async function hits(
  { place, calls, written }: Awaited<ReturnType<typeof everySink>>,
  secrets: readonly string[],
) {
  const left = [...(await filesIn(place.folder))].filter(
    ([file]) => !file.startsWith(join(place.folder, 'world')),
  );
  const seen = [...written].filter(([file]) => /environment|processes/.test(file));
  const said = Object.entries(calls).map(([name, { stdout, stderr }]) => [name, stdout + stderr] as const);
  return [...said, ...left, ...seen].flatMap(([where, text]) =>
    secrets.flatMap((secret) => found(secret, text).map((form) => `${where}: ${form}`)),
  );
}

/** How calls end that do not end well: a command fails, and tells all it knows. */
const how: { readonly [name: string]: number } = { blurt: 5, told: 5 };

async function works(one: string, two: string) {
  const all = await everySink(one, two);
  const { calls, written } = all;
  const exits = Object.fromEntries(Object.entries(calls).map(([name, { exit }]) => [name, exit]));
  const failed = Object.entries(calls).find(([name, { exit }]) => exit !== (how[name] ?? 0))?.[1];
  expect(`${failed?.stdout ?? ''}${failed?.stderr ?? ''}`).toBe('');
  expect(exits).toMatchObject(how);
  const content = (name: string) => [...written].find(([file]) => file.endsWith(`/world/${name}`))?.[1];
  expect(content('whole')).toBe(one);
  expect(content('inside')).toBe(`one = ${one}\ntwo = ${two}\nopen = visible\n`);
  expect(content('known')).toBe(`level = 2\npassword = ${known}\nother = 3\nword = ${two}\n`);
  return all;
}

describe('a secret is in no output, file, process or environment', () => {
  test.each([
    ['long ones', 'CANARYtok8f3a9d2e7b', `sp"ec&<i>a'l $x\`y %40 é+/= CANARYsp`],
    [
      'one of several lines',
      '-----BEGIN KEY-----\nMULTIcanaryLINEone\nMULTIcanaryLINEtwo\n-----END KEY-----\n',
      'back\\slash/and$dollar!',
    ],
    ['short ones', 'x7q', '~z9'],
  ])('%s', async (_what, one, two) => {
    expect(await hits(await works(one, two), [one, two, known])).toEqual([]);
  });

  test('of any shape', async () => {
    const shape = fc
      .string({ unit: 'grapheme', minLength: 8, maxLength: 40 })
      .map((text) => text.replaceAll(/[\0\r\n\u2028\u2029\u0085]/g, '~'));
    // a backslash at the end is no value of an INI file
    const odd = fc.stringMatching(/^[!-~]{7,23}[!-[\]-~]$/);
    const secret = fc
      .oneof(shape, odd)
      .filter((text) => new Set(text.trim()).size >= 6 && text.trim() === text);
    await fc.assert(
      fc.asyncProperty(secret, odd, async (one, two) => {
        expect(await hits(await works(one, two), [one, two, known])).toEqual([]);
      }),
      { numRuns: process.env.CLAW_RUN_TEST_ALL === '1' ? 10 : 1, endOnFailure: true },
    );
  });
});

test('secrets that are common words change nothing of what is said', async () => {
  const shapeOf = ({ calls }: Awaited<ReturnType<typeof everySink>>, place: Place) =>
    [calls.quiet, calls.rollback, calls.run].flatMap(({ stdout }) =>
      eventsOf(stdout.replaceAll(place.folder, 'FOLDER')).map(({ type, id, uses, because }) => ({
        type,
        id,
        uses,
        because,
      })),
    );
  const unusual = await works('CANARYtok8f3a9d2e7b', 'CANARYtwo1b2c3d4e5f');
  for (const [one, two] of [
    ['true', 'default'],
    ['root', '1'],
  ] as const) {
    const common = await works(one, two);
    expect(shapeOf(common, common.place)).toEqual(shapeOf(unusual, unusual.place));
  }
});
