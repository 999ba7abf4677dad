import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createLibrary, type Definition, type Library } from '@claw-run/core';
import { UsageError } from '../cli/usage-error.ts';

/** The steps, checks and lookups that come with claw-run. */
export async function standardDefinitions(): Promise<readonly Definition[]> {
  const [{ kubernetes }, { linux }, { openclaw }, { slurm }] = await Promise.all([
    import('@claw-run/kubernetes'),
    import('@claw-run/linux'),
    import('@claw-run/openclaw'),
    import('@claw-run/slurm'),
  ]);
  return [...kubernetes, ...linux, ...openclaw, ...slurm];
}

/** The standard library, and the definitions that ES modules of the user's own export (alone or in arrays). @throws UsageError */
export async function loadLibrary(files: readonly string[] = [], cwd = process.cwd()): Promise<Library> {
  // each schema parses a few inputs and is gone: compiling a parser for it costs more than it saves
  const { config } = await import('zod/v4/core');
  config({ jitless: true });
  const own = await Promise.all(files.map((file) => definitionsIn(file, cwd)));
  const standard = await standardDefinitions();
  try {
    return createLibrary(standard, ...own);
  } catch (error) {
    throw new UsageError(
      error instanceof Error ? error.message : String(error),
      'rename yours: ids are library.name',
    );
  }
}

async function definitionsIn(file: string, cwd: string): Promise<readonly Definition[]> {
  const module = await importModule(file, cwd);
  const found = Object.values(module).flat().filter(isDefinition);
  if (found.length > 0) return [...new Set(found)];
  throw new UsageError(
    `${file} exports no steps`,
    'export what defineState, defineEvent, defineCheck or defineLookup give',
  );
}

async function importModule(file: string, cwd: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(resolve(cwd, file)).href)) as Record<string, unknown>;
  } catch (error) {
    const why =
      error instanceof Error ? error.message.split('\n')[0]?.replace(/ imported from .*/, '') : String(error);
    throw new UsageError(`the library ${file} cannot be loaded: ${why}`);
  }
}

function isDefinition(value: unknown): value is Definition {
  if (typeof value !== 'object' || value === null) return false;
  const { type, id, facts } = value as { type?: unknown; id?: unknown; facts?: unknown };
  return (
    ['state', 'event', 'check', 'lookup'].includes(String(type)) &&
    typeof id === 'string' &&
    typeof facts === 'function'
  );
}
