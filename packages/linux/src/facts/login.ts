import { type Fact, fileFact, type RunResult, runFact } from '@claw-run/core';
import type { FileInput } from './text-file.ts';

/** Who owns what is made anew. */
export type Owners = { readonly owner: string; readonly group: string };

/** The user and primary group that own a file made at a path: root with sudo (no read of its own), else who is logged in. */
export function maker({ path, sudo }: FileInput): Fact<'host', Owners> {
  return sudo
    ? fileFact({
        key: `maker of ${path}`,
        path,
        sudo: true,
        parse: () => ({ owner: 'root', group: 'root' }),
      })
    : runFact({ key: 'login', argv: ['sh', '-c', 'id -un; id -gn'], parse: parseLogin });
}

function parseLogin({ stdout }: RunResult): Owners {
  const [owner = '', group = ''] = stdout.split('\n');
  return { owner, group };
}
