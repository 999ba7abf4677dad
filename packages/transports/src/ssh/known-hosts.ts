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
  /** Those of them that may revoke a key of the host. */
  readonly revoking: readonly string[];
}

/** Whom known_hosts is asked about; a port other than 22 belongs to the name, but an entry without port holds for all ports. */
export interface HostName {
  readonly host: string;
  readonly port: number;
  /** `HostKeyAlias`: looked up as it stands, without a port. */
  readonly alias?: string | undefined;
}

/** Where the system's known hosts are. */
export const usualGlobal = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'] as const;

/** The name by which known_hosts has the host: `host`, or `[host]:port` where the port is not 22. */
export function knownName({ host, port, alias }: HostName): string {
  if (alias !== undefined) return alias;
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** Reads sshd(8) SSH_KNOWN_HOSTS FILE FORMAT: plain and hashed names, patterns, `@revoked` and `@cert-authority`. Files that do not exist say nothing. */
export function lookUpHost(files: readonly string[], name: HostName): KnownHost {
  const entries = files.flatMap((file) => [...entriesFor(textOf(file), file, name)]);
  const unreadable = entries.filter((entry) => 'unreadable' in entry);
  return {
    keys: entries.filter((entry) => 'key' in entry),
    broken: unreadable.map(({ at }) => at),
    revoking: unreadable.filter((entry) => entry.unreadable === 'revoking').map(({ at }) => at),
  };
}

/** A line that names the host, or might, and is no entry. */
interface Unreadable {
  readonly unreadable: 'key' | 'revoking';
  readonly at: string;
}

function* entriesFor(text: string, file: string, name: HostName): Generator<KnownKey | Unreadable> {
  const names = [...new Set([knownName(name), name.alias ?? name.host.toLowerCase()])];
  let number = 0;
  for (const line of text.split('\n')) {
    number += 1;
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || words[0]?.startsWith('#')) continue;
    const at = `${file}:${number}`;
    const mark = markOf(words[0] ?? '');
    const [hosts = '', type = '', encoded = ''] = words.slice(mark === 'key' ? 0 : 1);
    const mayBeNamed = hosts === '' || isUnreadableHash(hosts) || names.some((one) => isNamed(hosts, one));
    const isEntry = mark !== undefined && type !== '';
    if (!mayBeNamed && isEntry) continue;
    const key = isEntry ? wholeKey(type, encoded) : undefined;
    if (key !== undefined && mark !== undefined && !isUnreadableHash(hosts)) yield { mark, type, key, at };
    // a mark that nobody knows may be a misspelt @revoked
    else if (mayBeNamed)
      yield { unreadable: mark === 'revoked' || mark === undefined ? 'revoking' : 'key', at };
    else yield { unreadable: 'key', at };
  }
}

function markOf(word: string): KnownKey['mark'] | undefined {
  if (!word.startsWith('@')) return 'key';
  return { '@revoked': 'revoked' as const, '@cert-authority': 'authority' as const }[word];
}

function isUnreadableHash(hosts: string): boolean {
  return hosts.startsWith('|') && !/^\|1\|[A-Za-z0-9+/]{27}=\|[A-Za-z0-9+/]{27}=$/.test(hosts);
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

/** How many fields follow the type of a key (RFC 4253 6.6, RFC 5656, RFC 8709, PROTOCOL.u2f). */
const fields: { readonly [type: string]: number } = {
  'ssh-ed25519': 1,
  'ssh-rsa': 2,
  'ssh-dss': 4,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
  'sk-ssh-ed25519@openssh.com': 2,
  'sk-ecdsa-sha2-nistp256@openssh.com': 3,
};

/** The key that a line holds, where it is whole: of that type, with all its fields and nothing after them. */
export function wholeKey(type: string, encoded: string): Buffer | undefined {
  const key = Buffer.from(encoded, 'base64');
  if (key.toString('base64').replace(/=+$/, '') !== encoded.replace(/=+$/, '')) return undefined;
  const parts = partsOf(key);
  if (parts === undefined || type === '' || parts[0]?.toString('latin1') !== type) return undefined;
  const wanted = fields[type] ?? Math.max(1, parts.length - 1);
  const whole = parts.length - 1 === wanted && parts.every((part) => part.length > 0);
  return whole && (type !== 'ssh-ed25519' || parts[1]?.length === 32) ? key : undefined;
}

/** The size of the modulus of an RSA key; nothing for other keys. */
export function rsaBits(key: Buffer): number | undefined {
  const parts = partsOf(key);
  const modulus = parts?.[0]?.toString('latin1') === 'ssh-rsa' ? parts[2] : undefined;
  return modulus === undefined ? undefined : BigInt(`0x${modulus.toString('hex') || '0'}`).toString(2).length;
}

/** The fields of a key in wire format (RFC 4251, 5: string, mpint). */
function partsOf(key: Buffer): readonly Buffer[] | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; at < key.length; ) {
    if (at + 4 > key.length) return undefined;
    const end = at + 4 + key.readUInt32BE(at);
    if (end > key.length) return undefined;
    parts.push(key.subarray(at + 4, end));
    at = end;
  }
  return parts;
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
