import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'rolldown';
import { vendoredSsh2 } from '../../rolldown.config.ts';
import { root } from './packages.ts';

const dist = join(root, 'packages', 'transports', 'dist');

/** Puts ssh2 into the package of transports, and gives the files of other packages that are inside now. */
export async function vendorSsh2(): Promise<readonly string[]> {
  const { output } = await build({ ...vendoredSsh2, logLevel: 'warn' });
  const user = join(dist, 'ssh', 'hop.js');
  const code = readFileSync(user, 'utf8');
  const own = code.replace("import('ssh2')", "import('../vendor/ssh2.cjs')");
  if (own === code) throw new Error(`${user} does not import ssh2`);
  writeFileSync(user, own);
  return output
    .flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
    .filter((id) => id.includes('/node_modules/'));
}
