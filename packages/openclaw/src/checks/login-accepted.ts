import { defineCheck, fail, pass, runFact, unknown } from '@claw-run/core';
import * as z from 'zod';
import { clw, schedulerTopic, sessionTopics } from '../facts/client.ts';
import * as inputs from '../scheduler/inputs.ts';

// A home of its own: what the client keeps of the login is thrown away with it, and the user's stays as it is.
const script = `set -u
[ -r "$HOME/.claw/credentials" ] || { echo none; exit 0; }
umask 077; away=$(mktemp -d) || exit; trap 'rm -rf "$away"' EXIT
mkdir "$away/.claw" && cp "$HOME/.claw/credentials" "$away/.claw/credentials" || exit
if [ -r "$HOME/.claw/config.yaml" ]; then grep -E '^(server|username|ca):' "$HOME/.claw/config.yaml" > "$away/.claw/config.yaml"; fi
user=$1; shift
if said=$(HOME=$away "$@" login --username "$user" 2>&1 </dev/null); then echo accepted; else printf 'rejected %s\\n' "$said"; fi`;

export const loginAccepted = defineCheck({
  id: 'openclaw.login-accepted',
  on: 'host',
  summary: 'The scheduler accepts the credential that a user keeps',
  description:
    'Logs in for real, as the user in a fresh session, past any proxy, with `~/.claw/credentials` and in a home that is thrown away: the token that the user has stays what it is. Unknown where the user keeps no credential.',
  input: z.strictObject({ user: inputs.user }),
  examples: [{ title: 'Alice', with: { user: 'alice' } }],
  facts: ({ user }) => ({
    said: runFact({
      key: `clw login of ${user}`,
      argv: ['sh', '-c', script, 'sh', user, ...clw()],
      as: user,
      about: [...sessionTopics(user), 'file /etc/shadow', 'cache sssd', schedulerTopic, 'firewall'],
      timeoutSeconds: 40,
      parse: ({ exit, stdout, stderr }) => {
        const [line = ''] = stdout.trim().split('\n').slice(-1);
        return exit === 0 ? line : `rejected ${stderr.trim().split('\n').at(-1) ?? ''}`;
      },
    }),
  }),
  expect: ({ user }, { said }) => {
    if (said === 'accepted') return pass(`the scheduler accepts the credential of ${user}`);
    if (said === 'none') return unknown(`${user} keeps no credential in ~/.claw/credentials to try`);
    const because = said.replace(/^rejected /, '');
    return because.startsWith('clw-auth-failed')
      ? fail(because)
      : unknown(because || 'clw login said nothing');
  },
});
