import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The command line of the practice cluster's `openclaw`: this very program. */
export function openclawCommand(): readonly string[] {
  return [process.execPath, launcher(), 'sandbox', 'openclaw'];
}

/** The command line of a program of the practice head node, which is a file of its own. */
export function hostProgram(name: 'clw' | 'schedulerd'): readonly string[] {
  return [process.execPath, join(dirname(dirname(launcher())), 'dist', 'host', `${name}.cjs`)];
}

/** The file that starts claw-run, looked for from here up: this may be a source file or a part of the bundle. */
export function launcher(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, 'bin', 'claw-run.cjs');
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) throw new Error('claw-run.cjs is not beside its parts');
  }
}
