import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { runbookSchemaText } from '@claw-run/runbook';
import type { Context } from '../context.ts';
import { loadLibrary } from '../run/load-library.ts';

/** `claw-run schema [-o FILE]`: the JSON schema of runbooks, for editors. */
export async function call({ io, options }: Context): Promise<number> {
  const library = await loadLibrary(options.library, io.cwd);
  const text = runbookSchemaText(library);
  if (options.out === undefined) {
    io.out(text);
    return 0;
  }
  const path = resolve(io.cwd, options.out);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return 0;
}
