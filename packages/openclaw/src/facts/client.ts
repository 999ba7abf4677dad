import { type Argv, type Fact, isObject, type Json, type RunResult, runFact, Secret } from '@claw-run/core';
import { parse } from 'yaml';
import { type Jwt, readJwt } from '../scheduler/jwt.ts';

const proxies = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];

/** `clw` past any proxy, so that its answer is the scheduler's own. */
export function clw(...args: readonly string[]): Argv {
  return ['env', ...proxies.flatMap((name) => ['-u', name]), 'clw', ...args];
}

/** The topic of whatever a user's `clw` goes by. */
export const clientTopic = (user: string) => `clw ${user}`;

/** What a session of a user comes of: an account that has expired has none, nor has one that the host does not know yet. */
export const sessionTopics = (user: string) => [clientTopic(user), `account ${user}`, 'service sssd.service'];

/** The topic of what the scheduler answers. */
export const schedulerTopic = 'service claw-scheduler.service';

/** What `clw whoami` says: of the client by itself, and of what the scheduler answers it. */
export type Whoami = {
  readonly uid: number;
  readonly server: string;
  /** The groups of the user as the scheduler has them; `null` where it does not say. */
  readonly groups: readonly string[] | null;
  /** `clw`'s line where the scheduler does not answer, or denies; `null` where all is well. */
  readonly error: string | null;
};

/** What a client gave, or why there is nothing to go by. */
export type Told<T> = T | { readonly problem: string };

/** Of a user in a fresh session, past any proxy. The scheduler answers it whatever groups the user is in. */
export function whoami(user: string): Fact<'host', Told<Whoami>> {
  return clientFact(user, ['whoami'], ({ uid, server, scheduler, error }) => ({
    uid: typeof uid === 'number' ? uid : -1,
    server: typeof server === 'string' ? server : '',
    groups: isObject(scheduler) && Array.isArray(scheduler.groups) ? scheduler.groups.map(String) : null,
    error: typeof error === 'string' ? error : null,
  }));
}

/** A command of `clw` that prints JSON, as a user in a fresh session, past any proxy. */
export function clientFact<T>(
  user: string,
  args: readonly string[],
  parse: (json: { readonly [key: string]: Json | undefined }) => T,
): Fact<'host', Told<T>> {
  return runFact({
    key: `clw ${args.join(' ')} of ${user}`,
    argv: clw(...args, '--format', 'json'),
    as: user,
    about: [...sessionTopics(user), schedulerTopic, 'firewall', 'file /etc/claw/client.yaml'],
    timeoutSeconds: 30,
    parse: (result) => {
      const told = jsonOf(result);
      return 'problem' in told ? told : parse(told.json);
    },
  });
}

/** Whether `clw` says that the token was refused: missing, damaged or expired. */
export function isTokenRefused(error: string | null): boolean {
  return error !== null && /^clw-scheduler-denied: Token /.test(error);
}

/** The client configuration of a user with the token it caches; `null` where there is none. */
export type ClientConfig = {
  /** Every byte, for undo. */
  readonly text: Secret;
  readonly server: string | null;
  readonly token: Jwt;
};

/** `~USER/.claw/config.yaml`, read as the user: root may not read a home that is mounted from elsewhere. */
export function clientConfig(user: string): Fact<'host', ClientConfig | null> {
  return runFact({
    key: `~${user}/.claw/config.yaml`,
    argv: [
      'sh',
      '-c',
      'cd "$HOME/.claw" 2>/dev/null && [ -e config.yaml ] && echo present && cat config.yaml || true',
    ],
    as: user,
    about: sessionTopics(user),
    parse: ({ exit, stdout, stderr }: RunResult) => {
      if (exit !== 0 || stderr !== '')
        throw new Error(stderr.trim().split('\n').at(-1) || 'it cannot be read');
      return stdout === '' ? null : readConfig(stdout.replace(/^present\n/, ''));
    },
  });
}

/** Whether the token that a client keeps is past its end, by the clock of the host itself. */
export function isPast(config: ClientConfig | null): Fact<'host', boolean> {
  const end = config?.token.looks === 'well' ? config.token.expires : null;
  const script = 'if [ -n "$1" ] && [ "$(date +%s)" -ge "$1" ]; then echo past; fi';
  return runFact({
    key: `clock past ${end ?? 'nothing'}`,
    argv: ['sh', '-c', script, 'sh', `${end ?? ''}`],
    parse: ({ stdout }: RunResult) => stdout.trim() === 'past',
  });
}

/** What is to be said of the token that a client keeps. */
export function tokenState(
  config: ClientConfig | null,
  past: boolean,
): 'absent' | 'damaged' | 'expired' | 'current' {
  const { looks } = config?.token ?? { looks: 'absent' };
  return looks === 'well' ? (past ? 'expired' : 'current') : looks;
}

/** The JSON object that `clw` printed, or why there is none. */
export function jsonOf({ exit, stdout, stderr }: RunResult): Told<{
  readonly json: { readonly [key: string]: Json | undefined };
}> {
  const said =
    (stderr.trim() || stdout.trim()).split('\n').at(-1) || `it ended with ${exit} and said nothing`;
  if (exit === 127) return { problem: 'clw is not there; install it, or choose a host that has it' };
  try {
    const value: unknown = JSON.parse(stdout);
    return isObject(value) ? { json: value as { readonly [key: string]: Json } } : { problem: said };
  } catch {
    return { problem: said };
  }
}

function readConfig(text: string): ClientConfig {
  const config = parsed(text);
  return {
    text: new Secret(text),
    server: typeof config.server === 'string' ? config.server : null,
    token: readJwt(typeof config.token === 'string' ? config.token : ''),
  };
}

/** A file that is not YAML holds no token either. */
function parsed(text: string): { readonly [key: string]: unknown } {
  try {
    const value: unknown = parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
