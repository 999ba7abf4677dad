import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ClawError } from '@claw-run/core';
import { fitsPatterns } from './pattern.ts';

/** A key that known_hosts has for a host. */
export interface KnownKey {
  readonly mark: 'key' | 'revoked' | 'authority';
  readonly type: string;
  /** The key in the wire format of RFC 4253. */
  readonly key: Buffer;
  /** `file:line`. */
  readonly at: string;
}

/** What the files say of a host. */
export interface KnownHost {
  readonly keys: readonly KnownKey[];
  /** `file:line` of what may have been meant for the host, but cannot be read. */
  readonly broken: readonly string[];
}

/** Whom known_hosts is asked about; a port other than 22 belongs to the name, but an entry without port holds for all ports. */
export interface HostName {
  readonly host: string;
  readonly port: number;
  /** `HostKeyAlias`: looked up as it stands, without a port. */
  readonly alias?: string | undefined;
}

/** The name by which known_hosts has the host: `host`, or `[host]:port` where the port is not 22. */
export function knownName({ host, port, alias }: HostName): string {
  if (alias !== undefined) return alias;
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** Reads sshd(8) SSH_KNOWN_HOSTS FILE FORMAT: plain and hashed names, patterns, `@revoked` and `@cert-authority`. Files that do not exist say nothing. */
export function lookUpHost(files: readonly string[], name: HostName): KnownHost {
  const keys: KnownKey[] = [];
  const broken: string[] = [];
  for (const file of files) {
    const text = textOf(file);
    for (const entry of entriesFor(text, file, name)) {
      if (typeof entry === 'string') broken.push(entry);
      else keys.push(entry);
    }
  }
  return { keys, broken };
}

function* entriesFor(text: string, file: string, name: HostName): Generator<KnownKey | string> {
  const names = [...new Set([knownName(name), name.alias ?? name.host.toLowerCase()])];
  let number = 0;
  for (const line of text.split('\n')) {
    number += 1;
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || words[0]?.startsWith('#')) continue;
    const mark = markOf(words[0] ?? '');
    const [hosts = '', type = '', encoded = ''] =
      mark === undefined ? [] : words.slice(mark === 'key' ? 0 : 1);
    if (!names.some((one) => isNamed(hosts, one))) {
      if (mark === undefined || type === '') yield `${file}:${number}`;
      continue;
    }
    const key = Buffer.from(encoded, 'base64');
    if (mark !== undefined && keyType(key) === type) yield { mark, type, key, at: `${file}:${number}` };
    else yield `${file}:${number}`;
  }
}

function markOf(word: string): KnownKey['mark'] | undefined {
  if (!word.startsWith('@')) return 'key';
  return { '@revoked': 'revoked' as const, '@cert-authority': 'authority' as const }[word];
}

function isNamed(hosts: string, name: string): boolean {
  if (!hosts.startsWith('|')) return fitsPatterns(name, hosts.toLowerCase().split(','));
  const [, version, salt = '', hash = ''] = hosts.split('|');
  if (version !== '1' || hash === '') return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

/** The type that a key in wire format names; empty where it is none. */
export function keyType(key: Buffer): string {
  if (key.length < 8) return '';
  const length = key.readUInt32BE(0);
  return length > 64 || key.length < 4 + length ? '' : key.toString('latin1', 4, 4 + length);
}

/** `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return '';
    throw new ClawError('unreachable', `cannot read the known hosts in ${file} (${code})`, { cause: error });
  }
}
