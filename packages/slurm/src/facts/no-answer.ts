import type { RunResult } from '@claw-run/core';

/** Why a program of Slurm gave no answer that can be gone by. */
export function noAnswer(program: string, { exit, stdout, stderr }: RunResult): Error {
  if (exit === 127) return new Error(`${program} is not there; choose a host that has the Slurm client`);
  return new Error((stderr || stdout).trim().split('\n')[0] || `${program} ended with ${exit}`);
}
