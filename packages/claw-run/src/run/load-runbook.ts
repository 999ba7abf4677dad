import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Library, Problem, Runbook } from '@claw-run/core';
import { compileRunbook } from '@claw-run/runbook';

/** A runbook that was compiled, or why it cannot be. */
export type Loaded =
  | {
      readonly ok: true;
      readonly file: string;
      readonly runbook: Runbook;
      readonly warnings: readonly Problem[];
    }
  | { readonly ok: false; readonly file: string; readonly problems: readonly Problem[] };

const tooLarge = 10 * 1024 * 1024;

/** Reads and compiles a runbook file. Never throws for what a user can mend. `turn` is awaited between parts of it. */
export async function loadRunbook(
  file: string,
  library: Library,
  cwd = process.cwd(),
  turn?: () => Promise<void>,
): Promise<Loaded> {
  const bytes = await readBounded(resolve(cwd, file));
  if ('fault' in bytes) return { ok: false, file, problems: [unreadable(file, bytes.fault)] };
  const readInclude = async (name: string) => {
    const included = await readBounded(resolve(cwd, name));
    if ('fault' in included) throw new Error(included.fault);
    return included.bytes;
  };
  const compiled = await compileRunbook({ file, bytes: bytes.bytes }, { library, readInclude, turn });
  return { file, ...compiled };
}

/** Compiles a runbook from sources that were kept: of a journal or a saved plan. */
export async function recompile(
  sources: { readonly [file: string]: string },
  library: Library,
): Promise<Loaded> {
  const [file = 'runbook.yaml'] = Object.keys(sources);
  const readInclude = (name: string) => {
    const text = sources[name];
    if (text === undefined) throw new Error(`${name} was not kept`);
    return Promise.resolve(Buffer.from(text));
  };
  const compiled = await compileRunbook(
    { file, bytes: Buffer.from(sources[file] ?? '') },
    { library, readInclude: async (name) => readInclude(name) },
  );
  return { file, ...compiled };
}

async function readBounded(path: string): Promise<{ bytes: Uint8Array } | { fault: string }> {
  try {
    const { size } = await stat(path);
    if (size > tooLarge) return { fault: `it has ${size} bytes; a runbook has at most ${tooLarge}` };
    return { bytes: await readFile(path) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const faults: Record<string, string> = {
      ENOENT: 'there is no such file',
      EISDIR: 'it is a folder',
      EACCES: 'reading it is not permitted',
    };
    return { fault: faults[code ?? ''] ?? String(error) };
  }
}

function unreadable(file: string, fault: string): Problem {
  return { code: 'runbook-unreadable', message: `${file} cannot be read: ${fault}` };
}
