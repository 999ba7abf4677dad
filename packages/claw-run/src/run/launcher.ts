import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The command line of the practice cluster's `openclaw`. */
export function openclawCommand(): readonly string[] {
  return programOf('openclaw');
}

/** The command line of a program of the practice worlds: this very program. */
export function programOf(name: 'openclaw' | 'clw' | 'claw-schedulerd'): readonly string[] {
  return [process.execPath, launcher(), 'sandbox', name];
}

/** The file that starts claw-run, looked for from here up: this may be a source file or a part of the bundle. */
export function launcher(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, 'bin', 'claw-run.cjs');
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) throw new Error('claw-run.cjs is not beside its parts');
  }
}
