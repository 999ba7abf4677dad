import { type Fact, type FileState, fileFact, type RunResult, runFact } from '@claw-run/core';
import { clw } from './client.ts';

/** What `clw validate` says of a job file, as the user. */
export function validated(
  user: string,
  file: string,
): Fact<'host', { readonly exit: number; readonly text: string }> {
  return runFact({
    key: `clw validate ${file}`,
    argv: clw('validate', file),
    as: user,
    about: [`file ${file}`],
    parse: ({ exit, stdout, stderr }: RunResult) => ({
      exit,
      text: (stderr.trim() || stdout.trim()).split('\n').at(-1) ?? '',
    }),
  });
}

/** A job file; `null` where there is none. */
export function jobFile(path: string): Fact<'host', FileState | null> {
  return fileFact({ key: `job file ${path}`, path, sudo: true, parse: (raw) => raw });
}
