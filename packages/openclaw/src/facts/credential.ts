import { type Fact, type RunResult, runFact, Secret } from '@claw-run/core';
import { sessionTopics } from './client.ts';

/** `~USER/.claw/credentials`, read as the user; `null` where there is none. */
export function credential(user: string): Fact<'host', Secret | null> {
  return runFact({
    key: `~${user}/.claw/credentials`,
    argv: [
      'sh',
      '-c',
      'cd "$HOME/.claw" 2>/dev/null && [ -e credentials ] && echo present && cat credentials || true',
    ],
    as: user,
    about: sessionTopics(user),
    parse: ({ exit, stdout, stderr }: RunResult) => {
      if (exit !== 0 || stderr !== '')
        throw new Error(stderr.trim().split('\n').at(-1) || 'it cannot be read');
      return stdout === '' ? null : new Secret(stdout.replace(/^present\n/, ''));
    },
  });
}
