import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');
export const launcher = join(root, 'packages/claw-run/bin/claw-run.cjs');
const built = join(root, 'packages/claw-run/dist');

if (!existsSync(join(built, 'bin.cjs'))) throw new Error('claw-run is not built: run node scripts/setup.mjs');

/** The practice head node's programs as they are shipped: from source each start takes five times as long. */
export const headNodePrograms = {
  schedulerd: [process.execPath, join(built, 'host/schedulerd.cjs')],
  clw: [process.execPath, join(built, 'host/clw.cjs')],
} as const;

/** The practice cluster's `openclaw`, as it is shipped. */
export const openclawProgram: readonly string[] = [process.execPath, launcher, 'sandbox', 'openclaw'];
