import { ClawError } from '@claw-run/core';
import {
  fingerprint,
  type HostName,
  type KnownHost,
  type KnownKey,
  keyType,
  knownName,
  rsaBits,
} from './known-hosts.ts';
import type { RevokedKey } from './revoked-keys.ts';

/** The host whose key is judged, and what the user is told with it. */
export interface HostKeyQuestion extends HostName {
  /** How messages call the host. */
  readonly label: string;
  readonly files: readonly string[];
  readonly known: KnownHost;
  readonly laxer?: { readonly value: string; readonly at: string } | undefined;
  /** Keys that no host may have. */
  readonly revoked?: readonly RevokedKey[];
  /** Bits that an RSA key has at least. */
  readonly requiredRsa?: number;
}

/** Nothing where the key is the known one of the host; else why it is refused. Never retryable: a person has to look. */
export function judgeHostKey(key: Buffer, question: HostKeyQuestion): ClawError | undefined {
  const { known, requiredRsa = 0 } = question;
  const same = known.keys.filter((one) => one.key.equals(key));
  const revoked =
    question.revoked?.find((one) => one.key.equals(key)) ?? same.find((one) => one.mark === 'revoked');
  if (revoked !== undefined) return revokedKey(key, question, revoked);
  const [unclear] = known.revoking;
  if (unclear !== undefined) return unclearRevocation(question.label, unclear);
  const bits = rsaBits(key);
  if (bits !== undefined && bits < requiredRsa) return shortKey(key, question, bits);
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

function revokedKey(key: Buffer, question: HostKeyQuestion, revoked: RevokedKey): ClawError {
  return new ClawError(
    'forbidden',
    `${question.label} shows the ${keyType(key)} key ${fingerprint(key)}, which ${revoked.at} says is revoked`,
    { hint: 'do not log in: whoever holds a revoked key may not be the host. Ask its owner for a new one' },
  );
}

/** Why no key of a host is trusted where a line revokes nobody knows which. */
export function unclearRevocation(label: string, at: string): ClawError {
  return new ClawError(
    'forbidden',
    `no key of ${label} is trusted: ${at} revokes a key and cannot be read, so nobody knows which`,
    { hint: `correct the line ${at}: @revoked HOSTS TYPE KEY` },
  );
}

function shortKey(key: Buffer, { label, requiredRsa }: HostKeyQuestion, bits: number): ClawError {
  return new ClawError(
    'forbidden',
    `${label} shows the ssh-rsa key ${fingerprint(key)} of ${bits} bits, and at least ${requiredRsa} are required`,
    { hint: 'have its owner make a longer key; RequiredRSASize of ssh_config says how long' },
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
