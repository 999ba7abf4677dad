import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Problem, problemOf, type Runbook } from '@claw-run/core';
import { UsageError } from '../cli/usage-error.ts';
import type { Context } from '../context.ts';
import { loadLibrary } from './load-library.ts';
import { loadRunbook } from './load-runbook.ts';
import { withLibrariesOf } from './runbook-libraries.ts';
import { shippedRunbooks } from './shipped-runbooks.ts';

export interface Found {
  readonly file: string;
  readonly runbook: Runbook;
  /** The call, with the libraries that the runbook names. */
  readonly context: Context;
}

/** Compiles the runbooks in `./runbooks`, in other folders, or without any of these those that come with claw-run; what does not compile comes apart. @throws UsageError */
export async function findRunbooks(
  folders: readonly string[],
  context: Context,
): Promise<{
  readonly found: readonly Found[];
  readonly broken: readonly { file: string; problems: readonly Problem[] }[];
}> {
  const here = existsSync(resolve(context.io.cwd, 'runbooks'));
  const usual = here ? ['runbooks'] : folders.length > 0 ? [] : [shippedRunbooks()];
  const lists = await Promise.all([
    ...usual.map((each) => listFolder(each, context.io.cwd)),
    ...folders.map((each) => listFolder(each, context.io.cwd)),
  ]);
  const files = [...new Set(lists.flat())];
  const library = loadLibrary(context.options.library, context.io.cwd);
  const loaded = await Promise.all(
    files.map(async (file) => {
      const own = await withLibrariesOf(file, context).catch((error: unknown) => problemOf(error));
      if ('code' in own) return { ok: false as const, file, problems: [own] };
      const { io, options } = own;
      const its = own === context ? library : loadLibrary(options.library, io.cwd);
      return { ...(await loadRunbook(file, await its, io.cwd)), context: own };
    }),
  );
  return {
    found: loaded.flatMap((each) =>
      each.ok ? [{ file: each.file, runbook: each.runbook, context: each.context }] : [],
    ),
    broken: loaded.flatMap((each) => (each.ok ? [] : [{ file: each.file, problems: each.problems }])),
  };
}

async function listFolder(folder: string, cwd: string): Promise<readonly string[]> {
  try {
    const names = await readdir(join(folder.startsWith('/') ? '' : cwd, folder));
    return names
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    throw new UsageError(`the folder ${folder} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}
