import { ClawError } from '@claw-run/core';
import type { ConfigLine } from './config-line.ts';
import { fitsPattern } from './pattern.ts';

/** What is negotiated, by ssh2's names. */
export type AlgorithmKind = 'kex' | 'cipher' | 'hmac' | 'serverHostKey';

interface Algorithms {
  /** Offered unless the user says otherwise, in this order: what Node's own cryptography does fastest comes first. */
  readonly usual: readonly string[];
  /** Weak or rare ones that ssh2 can speak, for users who name them. */
  readonly possible: readonly string[];
}

export const algorithms: { readonly [kind in AlgorithmKind]: Algorithms } = {
  kex: {
    usual: [
      'curve25519-sha256',
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
      'ecdh-sha2-nistp384',
      'ecdh-sha2-nistp521',
      'diffie-hellman-group-exchange-sha256',
      'diffie-hellman-group14-sha256',
      'diffie-hellman-group16-sha512',
      'diffie-hellman-group18-sha512',
    ],
    possible: [
      'diffie-hellman-group15-sha512',
      'diffie-hellman-group17-sha512',
      'diffie-hellman-group-exchange-sha1',
      'diffie-hellman-group14-sha1',
      'diffie-hellman-group1-sha1',
    ],
  },
  cipher: {
    usual: [
      'aes128-gcm@openssh.com',
      'aes256-gcm@openssh.com',
      'aes128-ctr',
      'aes192-ctr',
      'aes256-ctr',
      'chacha20-poly1305@openssh.com',
    ],
    possible: ['aes256-cbc', 'aes192-cbc', 'aes128-cbc', '3des-cbc'],
  },
  hmac: {
    usual: [
      'hmac-sha2-256-etm@openssh.com',
      'hmac-sha2-512-etm@openssh.com',
      'hmac-sha2-256',
      'hmac-sha2-512',
    ],
    possible: ['hmac-sha1-etm@openssh.com', 'hmac-sha1', 'hmac-md5'],
  },
  serverHostKey: {
    usual: [
      'ssh-ed25519',
      'ecdsa-sha2-nistp256',
      'ecdsa-sha2-nistp384',
      'ecdsa-sha2-nistp521',
      'rsa-sha2-512',
      'rsa-sha2-256',
    ],
    possible: ['ssh-rsa', 'ssh-dss'],
  },
};

/**
 * What is offered to the server: the usual, or what `Ciphers` and its like make of it (ssh_config(5): a list, or one that begins with `+`, `-` or `^`). Names that ssh2
 * does not know are left out, unless nothing would remain.
 * @throws ClawError `unreachable`, with file and line
 */
export function algorithmsFor(kind: AlgorithmKind, line: ConfigLine | undefined): readonly string[] {
  const { usual, possible } = algorithms[kind];
  const text = line?.words[0];
  if (line === undefined || text === undefined) return usual;
  const change = /^[+^-]/.exec(text)?.[0] ?? '';
  const named = text.slice(change.length).split(',');
  const wanted = named.flatMap((name) => [...usual, ...possible].filter((one) => fitsPattern(one, name)));
  const chosen = {
    '': wanted,
    '+': [...usual, ...wanted],
    '-': usual.filter((one) => !wanted.includes(one)),
    '^': [...wanted, ...usual],
  }[change];
  if (chosen === undefined || chosen.length === 0)
    throw new ClawError('unreachable', `${line.at}: the built-in SSH speaks none of ${text}`, {
      hint: 'let the OpenSSH client connect: openssh://HOST',
    });
  return [...new Set(chosen)];
}
