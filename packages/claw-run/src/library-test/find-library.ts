import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isObject } from '@claw-run/core';
import { assertTrusted } from '@claw-run/engine/trusted-path';
import { UsageError } from '../cli/usage-error.ts';
import { ownersOf } from '../run/state-folder.ts';

/** A library as it was found. */
export interface FoundLibrary {
  /** As it is called in what is told: a file, or the name of a package. */
  readonly name: string;
  /** The module, absolute. */
  readonly module: string;
  /** Files of cases in the module's folder, or anywhere in its package. */
  readonly cases: readonly string[];
  /** Whether no other library has cases there. */
  readonly ownCases: boolean;
}

const hint = 'it takes an ES module, as ./steps.ts, a folder with a package.json, or the name of a package';

/** Finds what is to be tried: a module, a folder with a package.json, or a package that is installed here. @throws UsageError, ClawError `untrusted` */
export async function findLibrary(path: string, cwd: string): Promise<FoundLibrary> {
  const at = resolve(cwd, path);
  const info = await stat(at).catch(() => undefined);
  if (info?.isFile() === true) return ofModule(at, cwd);
  if (info?.isDirectory() === true) return ofPackage(at, path, '.');
  const [, name, below = ''] = /^((?:@[^/\s]+\/)?[^./\s@][^/\s]*)(\/.*)?$/.exec(path) ?? [];
  const manifest = name === undefined ? undefined : findManifest(name, join(cwd, 'here.js'));
  if (manifest !== undefined) return ofPackage(dirname(manifest), path, `.${below}`);
  throw new UsageError(`there is no library ${path}: no file, no folder and no package of that name`, hint);
}

/** The `package.json` of a package as it is found from a file. */
export function findManifest(name: string, from: string): string | undefined {
  try {
    return findPackageJSON(name, from);
  } catch {
    return undefined;
  }
}

/** The file that a package gives for `.` or `./below` to who imports it, absolute; nothing where it gives none. */
export async function entryOf(folder: string, below = '.'): Promise<string | undefined> {
  const manifest = await manifestOf(folder);
  if (manifest === undefined) return undefined;
  const exported = manifest.exports;
  const of =
    isObject(exported) && Object.keys(exported).some((key) => key.startsWith('.'))
      ? (exported as { readonly [key: string]: unknown })[below]
      : below === '.'
        ? exported
        : undefined;
  const file = conditional(of) ?? (exported === undefined ? plainEntry(manifest, below) : undefined);
  return file === undefined ? undefined : resolve(folder, file);
}

async function ofModule(file: string, cwd: string): Promise<FoundLibrary> {
  const name = relative(cwd, file);
  await trusted(file, name);
  const folder = dirname(file);
  const beside = (await readdir(folder)).filter(isCases).map((each) => join(folder, each));
  return { name: name.startsWith('..') ? file : name, module: file, cases: beside, ownCases: false };
}

async function ofPackage(folder: string, name: string, below: string): Promise<FoundLibrary> {
  if (!(await isFile(join(folder, 'package.json'))))
    throw new UsageError(`${name} is a folder without a package.json`, hint);
  const file = await entryOf(folder, below);
  if (file === undefined || !(await isFile(file)))
    throw new UsageError(
      `the package.json of ${name} names no module${below === '.' ? '' : ` ${below}`} that is there${file === undefined ? '' : `: ${file}`}`,
      'it names one by "exports" or "main"; is the package built?',
    );
  await trusted(file, name);
  const manifest = await manifestOf(folder);
  const called = typeof manifest?.name === 'string' ? manifest.name : basename(folder);
  return { name: called, module: file, cases: await casesBelow(folder), ownCases: true };
}

/** What is loaded is run with all the rights of this process. */
async function trusted(file: string, name: string): Promise<void> {
  const instead = 'copy it to a folder of your own';
  for (const path of new Set([file, await realpath(file).catch(() => file)]))
    await assertTrusted(path, `the library ${name}`, { owners: ownersOf(process.env), instead });
}

async function casesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const all = await Promise.all(
    entries.map(async (entry): Promise<readonly string[]> => {
      if (entry.isFile() && isCases(entry.name)) return [join(folder, entry.name)];
      const isPart = entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.');
      return isPart ? casesBelow(join(folder, entry.name)) : [];
    }),
  );
  return all.flat().toSorted();
}

function isCases(file: string): boolean {
  return basename(file).endsWith('.cases.yaml');
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

async function manifestOf(folder: string): Promise<{ readonly [key: string]: unknown } | undefined> {
  const file = join(folder, 'package.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parsed(text, file);
}

function parsed(text: string, file: string): { readonly [key: string]: unknown } {
  try {
    const manifest: unknown = JSON.parse(text);
    if (isObject(manifest)) return manifest as { readonly [key: string]: unknown };
  } catch {
    // told below, as what is no object is
  }
  throw new UsageError(`${file} is no JSON object`);
}

const conditions = ['import', 'node', 'module-sync', 'default'];

/** What `import` takes of an entry of `exports`: the first condition that holds. */
function conditional(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(conditional).find((each) => each !== undefined);
  if (!isObject(value)) return undefined;
  for (const [condition, inner] of Object.entries(value)) {
    const file = conditions.includes(condition) ? conditional(inner) : undefined;
    if (file !== undefined) return file;
  }
  return undefined;
}

function plainEntry({ main }: { readonly main?: unknown }, below: string): string | undefined {
  if (below !== '.') return below;
  return typeof main === 'string' ? main : 'index.js';
}
