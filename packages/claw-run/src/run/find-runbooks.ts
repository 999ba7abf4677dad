import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Library, Problem, Runbook } from '@claw-run/core';
import { UsageError } from '../cli/usage-error.ts';
import { loadRunbook } from './load-runbook.ts';

export interface Found {
  readonly file: string;
  readonly runbook: Runbook;
}

/** Compiles the runbooks in `./runbooks` and in other folders; those that do not compile come apart. @throws UsageError */
export async function findRunbooks(
  folders: readonly string[],
  library: Library,
  cwd: string,
): Promise<{
  readonly found: readonly Found[];
  readonly broken: readonly { file: string; problems: readonly Problem[] }[];
}> {
  const lists = await Promise.all([
    listFolder('runbooks', cwd, true),
    ...folders.map((each) => listFolder(each, cwd, false)),
  ]);
  const files = [...new Set(lists.flat())];
  const loaded = await Promise.all(files.map((file) => loadRunbook(file, library, cwd)));
  return {
    found: loaded.flatMap((each) => (each.ok ? [{ file: each.file, runbook: each.runbook }] : [])),
    broken: loaded.flatMap((each) => (each.ok ? [] : [{ file: each.file, problems: each.problems }])),
  };
}

async function listFolder(folder: string, cwd: string, mayMiss: boolean): Promise<readonly string[]> {
  try {
    const names = await readdir(join(folder.startsWith('/') ? '' : cwd, folder));
    return names
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    if (mayMiss) return [];
    throw new UsageError(`the folder ${folder} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}
