import type { Argv, RunResult } from '@claw-run/core';

/**
 * Which program was not there, where a command ended with 127: its own, or one that it was to start, as shells (dash, bash, busybox, ksh) and programs that
 * start others (env, timeout, nice and their like) say it. Nothing where nobody said it. Pure.
 */
export function missingProgram([program]: Argv, { stderr }: Pick<RunResult, 'stderr'>): string | undefined {
  const lines = stderr.split('\n').map((line) => line.trim());
  if (lines.includes(`${program}: not found`)) return program;
  const named = lines.flatMap((line) => forms.flatMap((form) => form.exec(line)?.groups?.name ?? []));
  return named.at(-1);
}

const forms = [
  // sh: 1: foo: not found; -bash: line 1: exec: foo: command not found; ksh: foo: not found; sudo: foo: command not found
  /^\S+: (?:.*: )?(?:exec: )?(?<name>[^\s:]+): (?:command )?not found$/,
  // bash: line 1: /opt/foo: No such file or directory
  /^\S+: line \d+: (?:exec: )?(?<name>[^\s:]+): No such file or directory$/,
  // env: 'foo': No such file or directory; timeout: failed to run command 'foo': No such file or directory
  /^(?:env|timeout|nice|nohup|setsid|stdbuf|chroot|ionice|chrt|taskset|xargs|flock|runuser|systemd-run|strace): (?:.* )?['‘]?(?<name>[^\s:'’]+)['’]?: No such file or directory$/,
];
