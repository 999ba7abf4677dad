import { userInfo } from 'node:os';
import type { HostWorld } from '@claw-run/testing';
import { execa } from 'execa';

/** The machine that runs this, as a host that a contract is tried on: as oneself, without sudo. */
export async function thisMachine(): Promise<HostWorld> {
  return {
    sh: async (line) =>
      (await execa('sh', ['-c', line], { stdin: 'ignore', stripFinalNewline: false })).stdout,
    user: userInfo().username,
    sudo: false,
    ...(userInfo().uid === 0 ? { intruder: 'daemon' } : {}),
  };
}
