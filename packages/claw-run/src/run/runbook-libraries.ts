import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ClawError } from '@claw-run/core';
import { assertTrusted } from '@claw-run/engine/trusted-path';
import type { Context } from '../context.ts';
import { defaultState } from './state-folder.ts';

/** What of a call decides which libraries are loaded. */
export type Given = Pick<Context, 'io' | 'options'>;

/**
 * A call with the libraries that a runbook file names, as if they had been given with `--library`. Their code runs with the rights of this process, so
 * they are taken only where the call allows it, or where runbook and library are in a folder that the user trusts.
 * @throws ClawError `untrusted` where they are not to be loaded, `usage` where one cannot be found
 */
export async function withLibrariesOf<C extends Given>(file: string, context: C): Promise<C> {
  const { io } = context;
  const path = resolve(io.cwd, file);
  const names = await namedIn(path);
  if (names.length === 0) return context;
  const runbook = await realpath(path);
  const found = await Promise.all(names.map((name) => locate(name, runbook, file)));
  await assertAllowed([runbook, ...found], context, `${file} names the library ${names.join(', ')}`);
  return withFiles(found, context);
}

/** A call on a past run, with the libraries that its steps are from; they stand in its journal by absolute path. @throws ClawError `untrusted` */
export async function withLibrariesOfRun<C extends Given>(
  run: string,
  kept: readonly string[] | undefined,
  context: C,
): Promise<C> {
  // who names libraries anew has moved them, or means others
  if (kept === undefined || context.options.library !== undefined) return context;
  const there = kept.filter((file) => existsSync(file));
  for (const file of kept.filter((each) => !there.includes(each)))
    context.io.err(`warning: the library ${file} of ${run} is gone; give another with --library FILE\n`);
  await assertAllowed(there, context, `${run} used the library ${there.join(', ')}`);
  return withFiles(there, context);
}

function withFiles<C extends Given>(files: readonly string[], context: C): C {
  if (files.length === 0) return context;
  const { options } = context;
  return {
    ...context,
    options: { ...options, library: [...new Set([...(options.library ?? []), ...files])] },
  };
}

/** The names under `libraries:`; none where the file is no runbook, which compiling it tells. */
async function namedIn(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  if (!/^(libraries|["']libraries["'])\s*:/m.test(text)) return [];
  const [{ parse }, { isLibraryName }] = await Promise.all([import('yaml'), import('@claw-run/runbook')]);
  try {
    const { libraries } = parse(text, { logLevel: 'silent' }) as { readonly libraries?: unknown };
    const names = Array.isArray(libraries) ? libraries : [];
    return names.filter((name): name is string => typeof name === 'string' && isLibraryName(name));
  } catch {
    return [];
  }
}

/** The file of a library: beside the runbook, or as Node.js finds a package from there. */
async function locate(name: string, runbook: string, file: string): Promise<string> {
  const path = /^(\.{1,2}\/|\/)/.test(name)
    ? resolve(dirname(runbook), name)
    : await locatePackage(name, runbook);
  if (path !== undefined && existsSync(path)) return realpath(path);
  const isPackage = path === undefined;
  throw new ClawError('usage', `the library ${name}, which ${file} names, cannot be found`, {
    hint: isPackage
      ? `install it there: cd ${dirname(runbook)} && npm install ${name}`
      : `there is no ${path}`,
  });
}

/** Where an `import` in the runbook's folder would find a package: by the exports of its package.json. Nothing of it is run. */
async function locatePackage(name: string, runbook: string): Promise<string | undefined> {
  const asked = `claw-run-library:${name}`;
  let found: string | undefined;
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== asked) return next(specifier, context);
      found = next(name, { ...context, parentURL: pathToFileURL(runbook).href }).url;
      return { url: 'data:text/javascript,', format: 'module', shortCircuit: true };
    },
  });
  try {
    await import(asked);
  } catch {
    return undefined;
  } finally {
    hooks.deregister();
  }
  return found?.startsWith('file:') === true ? fileURLToPath(found) : undefined;
}

async function assertAllowed(files: readonly string[], { io, options }: Given, what: string): Promise<void> {
  if (options.allowLibraries === true || files.length === 0) return;
  const list = trustedList(io.env);
  const folders = await trustedFolders(list);
  if (files.every((file) => folders.some((folder) => `${file}${sep}`.startsWith(`${folder}${sep}`)))) return;
  throw new ClawError('untrusted', `${what}; its code would run with your rights, so it is not loaded`, {
    hint: `read it, then add --allow-libraries, or trust the folder for good: echo ${dirname(files[0] ?? '')} >> ${list}`,
  });
}

/** Where the folders stand whose libraries are loaded unasked, one a line. */
function trustedList(env: NodeJS.ProcessEnv): string {
  return join(dirname(defaultState(env).keyFile), 'trusted-folders');
}

async function trustedFolders(list: string): Promise<readonly string[]> {
  const text = await readFile(list, 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  await assertTrusted(list, `the list ${list}`);
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return Promise.all(
    lines.filter((line) => line.startsWith('/')).map((line) => realpath(line).catch(() => line)),
  );
}
