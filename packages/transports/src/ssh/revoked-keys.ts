import { readFileSync } from 'node:fs';
import { ClawError } from '@claw-run/core';
import { wholeKey } from './known-hosts.ts';

/** A key that must not be taken for any host's, and where that is said. */
export interface RevokedKey {
  readonly key: Buffer;
  /** `file:line`. */
  readonly at: string;
}

/** What a file of ssh-keygen's key revocation lists begins with (PROTOCOL.krl). */
const magic = Buffer.from('SSHKRL\n\0', 'latin1');

/**
 * The keys of `RevokedHostKeys`: one public key a line. As with OpenSSH, no host is trusted where the file cannot be read.
 * @throws ClawError `forbidden`, with file and line
 */
export function readRevokedKeys(file: string, at: string): readonly RevokedKey[] {
  const bytes = bytesOf(file, at);
  if (bytes.subarray(0, magic.length).equals(magic))
    throw new ClawError(
      'forbidden',
      `${file} is a binary list of revoked keys (KRL), which the built-in SSH cannot read`,
      {
        hint: 'let the OpenSSH client connect: openssh://HOST',
      },
    );
  return bytes
    .toString('latin1')
    .split('\n')
    .flatMap((line, index): RevokedKey[] => {
      const text = line.trim();
      if (text === '' || text.startsWith('#')) return [];
      const [type = '', encoded = ''] = text.split(/\s+/);
      const key = wholeKey(type, encoded);
      if (key === undefined) throw unreadable(`${file}:${index + 1} is not a public key`, at);
      return [{ key, at: `${file}:${index + 1}` }];
    });
}

function bytesOf(file: string, at: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw unreadable(`${file} cannot be read (${code})`, at);
  }
}

function unreadable(finding: string, at: string): ClawError {
  return new ClawError(
    'forbidden',
    `no host key is trusted: RevokedHostKeys of ${at} names revoked keys, and ${finding}`,
    { hint: 'correct the file, or the line that names it' },
  );
}
