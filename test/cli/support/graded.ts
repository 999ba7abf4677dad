import { realpathSync } from 'node:fs';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { eventsOf, fixtures, makePlace, normal, type Place, type RunOptions, root } from './claw-run.ts';

export const graded = join(fixtures, 'graded');
const casesFiles = ['colour.cases.yaml', 'note.cases.yaml', 'written.cases.yaml'];

export interface Library extends Place {
  /** What was told of the steps, `graded` last. */
  readonly grade: (args?: readonly string[], options?: RunOptions) => Promise<Told>;
}

export interface Told {
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
export async function makeLibrary(files: { readonly [name: string]: string } = {}): Promise<Library> {
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

export function toldOf(exit: number | null, stdout: string): Told {
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
export async function broken(from: string, to: string): Promise<Library> {
  const text = await readFile(join(graded, 'steps.ts'), 'utf8');
  expect(text.split(from), `${from} is there once`).toHaveLength(2);
  return makeLibrary({ 'steps.ts': text.replace(from, () => to) });
}

export async function withCases(): Promise<Library> {
  const library = await makeLibrary();
  for (const name of casesFiles) await cp(join(graded, name), join(library.folder, name));
  return library;
}

export const onThisMachine = ['--target', 'host=local', '--yes'];

/** Screens without versions and times. */
export function screen(text: string): string {
  return normal(text).replaceAll(/\b\d+\.\d+\.\d+\b/g, 'VERSION');
}
