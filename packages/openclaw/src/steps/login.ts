import { defineEvent, type HostAction, Secret } from '@claw-run/core';
import * as z from 'zod';
import {
  type ClientConfig,
  clientConfig,
  clientTopic,
  clw,
  isPast,
  isTokenRefused,
  tokenState,
  whoami,
} from '../facts/client.ts';
import * as inputs from '../scheduler/inputs.ts';

// Written beside and renamed, by the user: root may not write to a home that is mounted from elsewhere.
const restore =
  'umask 077 && cat > "$HOME/.claw/config.yaml.claw-run" && mv -f "$HOME/.claw/config.yaml.claw-run" "$HOME/.claw/config.yaml"';

export const login = defineEvent({
  id: 'openclaw.login',
  on: 'host',
  summary: "A user's client is logged in with a token that the scheduler accepts",
  description:
    'Needed where the token that `~/.claw/config.yaml` caches is missing, has expired or is refused. Logs out, which throws the cached token away, and in again as the user in a fresh ' +
    'session, past any proxy; with the password that is given, or with what the user keeps in `~/.claw/credentials`. `clw-auth-failed` means that the password is not accepted: have it reset, and ' +
    'look whether the account is there in the directory.',
  risk: 'routine',
  settlesWithinSeconds: 30,
  input: z.strictObject({
    user: inputs.user,
    server: z.url().optional().describe('URL of the scheduler; as it was, or that of the site, where absent'),
    password: z.instanceof(Secret).optional().describe('Sent through standard input, never as an argument'),
  }),
  examples: [{ title: 'With the credentials of the user', with: { user: 'alice' } }],
  facts: ({ user }) => ({ config: clientConfig(user), whoami: whoami(user) }),
  moreFacts: (_input, { config }) => ({ past: isPast(config) }),
  needed: ({ user }, { config, past, whoami: told }) => {
    const looks = tokenState(config, past);
    if (looks === 'absent') return `${user} is not logged in`;
    if (looks !== 'current')
      return `the token of ${user} ${looks === 'expired' ? 'has expired' : 'is damaged'}`;
    if ('problem' in told || told.error === null) return undefined;
    if (isTokenRefused(told.error)) return `the scheduler refuses the token of ${user}`;
    return told.error.startsWith('scheduler-unavailable')
      ? `whether the scheduler accepts the token of ${user} is seen once it answers; only then, and only if it does not`
      : undefined;
  },
  actions: ({ user, server, password }, { config }) => {
    const url = server ?? config?.server ?? undefined;
    const words = [
      ...(url === undefined ? [] : ['--server', url]),
      '--username',
      user,
      ...(password === undefined ? [] : ['--password-stdin']),
    ];
    const how = { as: user, changes: [clientTopic(user)], timeoutSeconds: 60 };
    return [
      { do: 'run', argv: clw('logout'), ...how },
      {
        do: 'run',
        argv: clw('login', ...words),
        ...(password === undefined ? {} : { stdin: password }),
        ...how,
      },
    ];
  },
  done: ({ user }, { config, past, whoami: told }) => {
    if (tokenState(config, past) !== 'current')
      return { progress: 'pending', because: `${user} has no token yet` };
    if ('problem' in told) return { progress: 'pending', because: told.problem };
    return told.error === null
      ? { progress: 'done', because: `the scheduler accepts the token of ${user}` }
      : { progress: 'pending', because: told.error };
  },
  undo: ({ user }, before, now) => restored(user, before.config, now.config),
});

/** The configuration as it was, to the byte. */
function restored(
  user: string,
  before: ClientConfig | null,
  now: ClientConfig | null,
): readonly HostAction[] {
  if (before?.text.reveal() === now?.text.reveal()) return [];
  const how = { as: user, changes: [clientTopic(user)] };
  return before === null
    ? [{ do: 'run', argv: ['sh', '-c', 'rm -f "$HOME/.claw/config.yaml"'], ...how }]
    : [{ do: 'run', argv: ['sh', '-c', restore], stdin: before.text, ...how }];
}
