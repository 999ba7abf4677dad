import { ClawError } from '@claw-run/core';
import {
  fingerprint,
  type HostName,
  type KnownHost,
  type KnownKey,
  keyType,
  knownName,
} from './known-hosts.ts';

/** The host whose key is judged, and what the user is told with it. */
export interface HostKeyQuestion extends HostName {
  /** How messages call the host. */
  readonly label: string;
  readonly files: readonly string[];
  readonly known: KnownHost;
  readonly laxer?: { readonly value: string; readonly at: string } | undefined;
}

/** Nothing where the key is the known one of the host; else why it is refused. Never retryable: a person has to look. */
export function judgeHostKey(key: Buffer, question: HostKeyQuestion): ClawError | undefined {
  const { known } = question;
  const same = known.keys.filter((one) => one.key.equals(key));
  const revoked = same.find((one) => one.mark === 'revoked');
  if (revoked !== undefined) return revokedKey(key, question, revoked);
  if (same.some((one) => one.mark === 'key')) return undefined;
  const type = keyType(key);
  const stale = known.keys.find((one) => one.mark === 'key' && one.type === type);
  return stale === undefined ? unknownKey(key, question) : changedKey(key, question, stale);
}

/**
 * The algorithms for host keys, those first of whose types the host has known keys (RFC 4253, 7.1: the client's order decides). Otherwise a server with several keys
 * would show one that is not known.
 */
export function orderHostKeyAlgorithms(algorithms: readonly string[], known: KnownHost): readonly string[] {
  const types = new Set(known.keys.filter((one) => one.mark === 'key').map((one) => one.type));
  const isKnown = (algorithm: string) => types.has(algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm);
  return [...algorithms.filter(isKnown), ...algorithms.filter((one) => !isKnown(one))];
}

function revokedKey(key: Buffer, question: HostKeyQuestion, revoked: KnownKey): ClawError {
  return new ClawError(
    'forbidden',
    `${question.label} shows the ${keyType(key)} key ${fingerprint(key)}, which ${revoked.at} says is revoked`,
    { hint: 'do not log in: whoever holds a revoked key may not be the host. Ask its owner for a new one' },
  );
}

function changedKey(key: Buffer, question: HostKeyQuestion, stale: KnownKey): ClawError {
  const type = keyType(key);
  return new ClawError(
    'forbidden',
    `the ${type} key of ${question.label} is not the known one: it shows ${fingerprint(key)}, ${stale.at} has ${fingerprint(stale.key)}`,
    {
      hint: `either the host was set up again, or somebody stands between. Ask its owner; if the new fingerprint is right, put this in place of line ${stale.at}: ${lineFor(key, question)}`,
    },
  );
}

function unknownKey(key: Buffer, question: HostKeyQuestion): ClawError {
  const { known, files, laxer } = question;
  const others = known.keys.filter((one) => one.mark === 'key').map((one) => `${one.type} at ${one.at}`);
  const authority = known.keys.find((one) => one.mark === 'authority');
  const asides = [
    others.length === 0 ? undefined : `its known keys are of other types (${others.join(', ')})`,
    authority === undefined
      ? undefined
      : `${authority.at} trusts a certificate authority, and certificates of hosts need the OpenSSH client`,
    known.broken.length === 0 ? undefined : `${known.broken.join(', ')} cannot be read as an entry`,
    laxer === undefined
      ? undefined
      : `StrictHostKeyChecking ${laxer.value} (${laxer.at}) is not followed: unknown keys are always refused`,
  ].filter((one) => one !== undefined);
  const where = files[0] ?? 'a file of known hosts';
  const openssh = authority === undefined ? '' : ', or connect with openssh://HOST';
  return new ClawError(
    'forbidden',
    `the ${keyType(key)} key of ${question.label} is not known: ${[fingerprint(key), ...asides].join('; ')}`,
    {
      hint: `compare the fingerprint with the one that the owner of the host tells you, then add this line to ${where}: ${lineFor(key, question)}${openssh}`,
    },
  );
}

function lineFor(key: Buffer, question: HostKeyQuestion): string {
  return `${knownName(question)} ${keyType(key)} ${key.toString('base64')}`;
}
