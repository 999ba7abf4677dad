import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { LabHost } from './lab.ts';

/** Root of a lab host over one shared connection of the OpenSSH client, beside the connection that is tried. */
export interface Beside {
  /** The output of a shell line, as it is. */
  readonly sh: (line: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function besideOf({ address, port, key, known_hosts }: LabHost): Promise<Beside> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-beside-'));
  const shared = ['ControlMaster=auto', `ControlPath=${folder}/m`, 'ControlPersist=60', 'BatchMode=yes'];
  const settings = [...shared, `UserKnownHostsFile=${known_hosts}`].flatMap((one) => ['-o', one]);
  const to = ['-F', 'none', '-i', key, '-p', String(port), ...settings, `root@${address}`];
  const options = { stdin: 'ignore', stripFinalNewline: false } as const;
  return {
    sh: async (line) => (await execa('ssh', [...to, line], options)).stdout,
    async close() {
      await execa('ssh', ['-O', 'exit', ...to], { ...options, reject: false });
      await rm(folder, { recursive: true, force: true });
    },
  };
}
