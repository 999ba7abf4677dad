import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { launcher } from './launcher.ts';

/** The folder of the runbooks that come with claw-run: of the package, or of the repository that it runs from. */
export function shippedRunbooks(): string {
  const root = dirname(dirname(launcher()));
  return existsSync(join(root, 'src')) ? join(root, '..', '..', 'runbooks') : join(root, 'runbooks');
}

/** The file of a runbook that is called by its name alone: one of `./runbooks`, or one that comes with claw-run. */
export function runbookNamed(word: string, cwd: string): string | undefined {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(word) || existsSync(resolve(cwd, word))) return undefined;
  const here = join('runbooks', `${word}.yaml`);
  if (existsSync(resolve(cwd, here))) return here;
  const shipped = join(shippedRunbooks(), `${word}.yaml`);
  return existsSync(shipped) ? shipped : undefined;
}
