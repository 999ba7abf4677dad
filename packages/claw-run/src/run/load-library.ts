import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { type ResolveHookSync, registerHooks } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  createLibrary,
  type Definition,
  isDefinition,
  isTransport,
  type Library,
  type Transport,
} from '@claw-run/core';
import { assertTrusted } from '@claw-run/engine/trusted-path';
import { UsageError } from '../cli/usage-error.ts';
import { launcher } from './launcher.ts';
import { ownersOf } from './state-folder.ts';
import { checkedTransports } from './transports.ts';

const standard = {
  kubernetes: async () => (await import('@claw-run/kubernetes')).kubernetes,
  linux: async () => (await import('@claw-run/linux')).linux,
  openclaw: async () => (await import('@claw-run/openclaw')).openclaw,
  slurm: async () => (await import('@claw-run/slurm')).slurm,
} as const satisfies { readonly [name: string]: () => Promise<readonly Definition[]> };

type StandardName = keyof typeof standard;
const standardNames = Object.keys(standard) as readonly StandardName[];

/** The steps, checks and lookups that come with claw-run; of some libraries, or of all. */
export async function standardDefinitions(
  names: readonly StandardName[] = standardNames,
): Promise<readonly Definition[]> {
  return (await Promise.all(names.map((name) => standard[name]()))).flat();
}

/** The standard library, and the definitions that ES modules of the user's own export (alone or in arrays). @throws UsageError */
export function loadLibrary(files: readonly string[] = [], cwd = process.cwd()): Promise<Library> {
  return load(standardNames, files, cwd);
}

/** The part of the library that a runbook file names, which is quicker to load; all of it where that cannot be told from its text. */
export async function loadLibraryFor(
  runbook: string,
  files: readonly string[] = [],
  cwd = process.cwd(),
): Promise<Library> {
  const text = await readFile(resolve(cwd, runbook), 'utf8').catch(() => '');
  return load(namedIn(text), files, cwd);
}

function namedIn(text: string): readonly StandardName[] {
  const uses = [...text.matchAll(/\buses['"]?\s*:\s*(\S*)/g)].map(([, word = '']) =>
    standardNames.find((name) => word.replace(/^['"]/, '').startsWith(`${name}.`)),
  );
  const unclear = /\binclude\b/.test(text) || uses.length === 0 || uses.includes(undefined);
  return unclear ? standardNames : standardNames.filter((name) => uses.includes(name));
}

async function load(names: readonly StandardName[], files: readonly string[], cwd: string): Promise<Library> {
  // each schema parses a few inputs and is gone: compiling a parser for it costs more than it saves
  const { config } = await import('zod/v4/core');
  config({ jitless: true });
  const own = await Promise.all(files.map((file) => definitionsIn(file, cwd)));
  const definitions = await standardDefinitions(names);
  try {
    return createLibrary(definitions, ...own);
  } catch (error) {
    throw new UsageError(
      error instanceof Error ? error.message : String(error),
      'rename yours: ids are library.name',
    );
  }
}

/** The ways to hosts that these modules export. @throws ClawError `usage` where two claim one scheme, UsageError */
export async function loadTransports(
  files: readonly string[] = [],
  cwd = process.cwd(),
): Promise<readonly Transport[]> {
  const brought = await Promise.all(
    files.map(async (file) =>
      (await exportsOf(file, cwd)).filter(isTransport).map((transport) => ({ transport, from: file })),
    ),
  );
  return checkedTransports(brought.flat());
}

/** What a module of the user's own exports as steps. @throws UsageError, ClawError `untrusted` */
export async function definitionsIn(file: string, cwd: string): Promise<readonly Definition[]> {
  const all = await exportsOf(file, cwd);
  const found = all.filter(isDefinition);
  if (found.length > 0 || all.some(isTransport)) return [...new Set(found)];
  throw new UsageError(
    `${file} exports no steps and no transports`,
    'export what defineState, defineEvent, defineCheck, defineLookup or defineTransport give',
  );
}

async function exportsOf(file: string, cwd: string): Promise<readonly unknown[]> {
  return Object.values(await importModule(file, cwd)).flat();
}

async function importModule(file: string, cwd: string): Promise<Record<string, unknown>> {
  // what is loaded is run with all the rights of this process
  await assertTrusted(
    await realpath(resolve(cwd, file)).catch(() => resolve(cwd, file)),
    `the library ${file}`,
    {
      owners: ownersOf(process.env),
      instead: 'copy it to a folder of your own',
    },
  );
  const hooks = registerHooks({ resolve: orOurOwn });
  try {
    return (await import(pathToFileURL(resolve(cwd, file)).href)) as Record<string, unknown>;
  } catch (error) {
    const why =
      error instanceof Error ? error.message.split('\n')[0]?.replace(/ imported from .*/, '') : String(error);
    throw new UsageError(`the library ${file} cannot be loaded: ${why}`);
  } finally {
    hooks.deregister();
  }
}

/** A module beside a runbook may have nothing installed: `claw-run` and `zod` are then those of this very program. */
const orOurOwn: ResolveHookSync = (specifier, context, next) => {
  try {
    return next(specifier, context);
  } catch (error) {
    if (specifier !== 'claw-run' && specifier !== 'zod') throw error;
    const root = dirname(dirname(launcher()));
    const built = join(root, 'dist', 'index.js');
    const index = existsSync(built) ? built : join(root, 'src', 'index.ts');
    const parentURL = pathToFileURL(index).href;
    return specifier === 'claw-run' ? next(parentURL, context) : next(specifier, { ...context, parentURL });
  }
};
