import type { Fact } from '@claw-run/core';
import { type Account, account } from '../facts/account.ts';
import { type Attempt, reach } from '../facts/reach.ts';
import { type ShadowEntry, shadowEntry, today } from '../facts/shadow-entry.ts';
import { type SssdConfig, sssdConfig } from '../facts/sssd-config.ts';
import { type Unit, unit } from '../facts/unit.ts';
import { withoutRead } from './same-read.ts';

/** What can keep a user from logging in, as far as the host's view of the account goes. */
export type Obstacle = {
  readonly obstacle: 'directory-client' | 'directory' | 'unknown' | 'locked' | 'expired' | 'password-expired';
  readonly because: string;
};

const CLIENT = 'sssd.service';

export function accountFacts(user: string) {
  return {
    account: account(user),
    shadow: shadowEntry(user),
    today: today(),
    sssd: sssdConfig(),
    client: unit(CLIENT),
  };
}

interface SeenFirst {
  readonly account: Account | null;
  readonly shadow: ShadowEntry | null;
  readonly today: number;
  readonly sssd: SssdConfig | null;
  readonly client: Unit | null;
}

export interface SeenAccount extends SeenFirst {
  readonly server: readonly Attempt[] | null;
}

/** The directory's server is tried only for users that the host does not keep itself. */
export function moreAccountFacts(user: string, { shadow, sssd }: SeenFirst) {
  const place = shadow === null && sssd?.uri != null ? placeOf(sssd.uri) : undefined;
  const none: Fact<'host', readonly Attempt[] | null> = withoutRead<readonly Attempt[] | null>(
    account(user),
    'no directory to try',
    null,
  );
  return {
    server: place === undefined ? none : reach({ ...place, families: ['any'], seconds: 5 }),
  };
}

/** Every obstacle there is, those of the directory before what follows from them. */
export function obstaclesOf(user: string, seen: SeenAccount): readonly Obstacle[] {
  const { shadow, account: known } = seen;
  if (shadow === null) return inDirectory(user, seen);
  if (known === null)
    return [{ obstacle: 'unknown', because: `${user} is in /etc/shadow and not in /etc/passwd` }];
  return onHost(user, shadow, seen.today);
}

function inDirectory(
  user: string,
  { account: known, sssd, client, server }: SeenAccount,
): readonly Obstacle[] {
  if (sssd !== null && client?.active !== 'active') {
    const is = client === null ? 'not installed' : client.active;
    return [{ obstacle: 'directory-client', because: `sssd, which asks the directory, is ${is}` }];
  }
  const silent = (server ?? []).filter(({ outcome }) => outcome !== 'no-address');
  if (server !== null && !silent.some(({ outcome }) => outcome === 'open')) {
    const tries = silent.map(({ address, outcome }) => `${address} ${outcome}`).join('; ');
    return [{ obstacle: 'directory', because: `${sssd?.uri} does not answer: ${tries || 'no address'}` }];
  }
  return known === null
    ? [{ obstacle: 'unknown', because: `neither the host nor a directory has an account ${user}` }]
    : [];
}

function onHost(user: string, entry: ShadowEntry, now: number): readonly Obstacle[] {
  const { locked, expires, changed, goodFor } = entry;
  const isOver = expires !== null && expires <= now;
  const isOld = changed === 0 || (changed !== null && goodFor !== null && changed + goodFor < now);
  return [
    ...(locked
      ? [{ obstacle: 'locked', because: `the password of ${user} is locked in /etc/shadow` } as const]
      : []),
    ...(isOver
      ? [
          {
            obstacle: 'expired',
            because: `the account of ${user} has expired on ${dateOf(expires)}`,
          } as const,
        ]
      : []),
    ...(isOld
      ? [
          {
            obstacle: 'password-expired',
            because:
              changed === 0
                ? `${user} has to change the password at the next login`
                : `the password of ${user} has expired on ${dateOf((changed ?? 0) + (goodFor ?? 0))}`,
          } as const,
        ]
      : []),
  ];
}

/** `YYYY-MM-DD` of a day counted from 1970-01-01. */
export function dateOf(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

function placeOf(uri: string): { readonly host: string; readonly port: number } | undefined {
  const found = /^(ldaps?):\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?/.exec(uri);
  const host = found?.[2]?.replaceAll(/[[\]]/g, '');
  if (host === undefined || host.startsWith('-')) return undefined;
  return { host, port: Number(found?.[3] ?? (found?.[1] === 'ldaps' ? 636 : 389)) };
}
