import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The command line of the practice cluster's `openclaw`: this very program. */
export function openclawCommand(): readonly string[] {
  return [process.execPath, launcher(), 'sandbox', 'openclaw'];
}

/** The file that starts claw-run, looked for from here up: this may be a source file or a part of the bundle. */
export function launcher(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, 'bin', 'claw-run.cjs');
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) throw new Error('claw-run.cjs is not beside its parts');
  }
}
