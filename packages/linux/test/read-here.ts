import { spawnSync } from 'node:child_process';
import type { Fact } from '@claw-run/core';

/** Reads a fact by its command on this machine. */
export function readHere<Value>({ read, parse }: Fact<'host', Value>, env?: NodeJS.ProcessEnv): Value {
  if (read.read !== 'run') throw new Error('no command');
  const [program = '', ...args] = read.argv;
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', ...(env && { env }) });
  return parse({ exit: status ?? 1, stdout, stderr } as never);
}
