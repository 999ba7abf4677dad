import { readFileSync, statSync } from 'node:fs';
import type { ParsedKey } from 'ssh2';
import { fingerprint, keyType } from './known-hosts.ts';

type ParseKey = (data: Buffer | string, passphrase?: string) => ParsedKey | readonly ParsedKey[] | Error;

/** A private key that can be tried, or why it cannot. */
export type KeyFile =
  | {
      readonly usable: true;
      readonly path: string;
      /** Opened already where no passphrase is needed. */
      readonly key: ParsedKey | undefined;
      /** In wire format; not known of encrypted keys of the old format that have no `.pub` beside them. */
      readonly publicKey: Buffer | undefined;
      readonly unlock: (passphrase: string) => ParsedKey | string;
    }
  | { readonly usable: false; readonly path: string; readonly why: string; readonly publicKey?: Buffer };

/** Reads a private key as far as that can be done without its passphrase; nothing where there is no such file. */
export function readKeyFile(path: string, parseKey: ParseKey): KeyFile | undefined {
  const text = readIfThere(path);
  const beside = publicKeyIn(readIfThere(`${path}.pub`) ?? '');
  if (typeof text === 'object') return { usable: false, path, why: text.why };
  if (text === undefined)
    return typeof beside === 'object'
      ? {
          usable: false,
          path,
          why: 'there is only its public half, and the agent does not hold it',
          publicKey: beside,
        }
      : undefined;
  const itself = publicKeyIn(text);
  if (itself !== undefined)
    return {
      usable: false,
      path,
      why: 'it is a public key, and the agent does not hold it',
      publicKey: itself,
    };
  const publicKey = publicPart(text) ?? beside;
  const withPublic = publicKey === undefined ? {} : { publicKey };
  const type = publicKey === undefined ? '' : keyType(publicKey);
  if (type.startsWith('sk-'))
    return {
      usable: false,
      path,
      why: `it is a FIDO key (${type}), which needs the OpenSSH client`,
      ...withPublic,
    };
  if (isOpenToOthers(path))
    return { usable: false, path, why: `others may read it; run chmod 600 ${path}`, ...withPublic };
  const opened = parsed(parseKey(text));
  if (typeof opened !== 'string')
    return { usable: true, path, key: opened, publicKey: opened.getPublicSSH(), unlock: () => opened };
  if (!isEncrypted(text)) return { usable: false, path, why: whyUnreadable(text, opened), ...withPublic };
  return {
    usable: true,
    path,
    key: undefined,
    publicKey,
    unlock: (passphrase) => parsed(parseKey(text, passphrase)),
  };
}

/** How a key is called in messages. */
export function keyLabel(path: string, publicKey: Buffer | undefined): string {
  return publicKey === undefined ? path : `${path} (${fingerprint(publicKey)})`;
}

function parsed(result: ReturnType<ParseKey>): ParsedKey | string {
  if (result instanceof Error) return result.message;
  const [first] = Array.isArray(result) ? (result as readonly ParsedKey[]) : [result as ParsedKey];
  return first?.isPrivateKey() ? first : 'it holds no private key';
}

function readIfThere(path: string): string | { readonly why: string } | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    return { why: `it cannot be read (${code})` };
  }
}

function publicKeyIn(text: string | { readonly why: string }): Buffer | undefined {
  if (typeof text !== 'string') return undefined;
  const [, type, encoded] = /^(\S+)\s+([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(text) ?? [];
  if (type === undefined || encoded === undefined) return undefined;
  const key = Buffer.from(encoded, 'base64');
  return keyType(key) === type ? key : undefined;
}

const magic = 'openssh-key-v1\0';

/** The public half that OpenSSH's own format holds in clear (PROTOCOL.key), with the name of the cipher before it. */
function opensshParts(text: string): { readonly cipher: string; readonly publicKey: Buffer } | undefined {
  const [, body] = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text) ?? [];
  const bytes = Buffer.from(body ?? '', 'base64');
  if (bytes.toString('latin1', 0, magic.length) !== magic) return undefined;
  let at = magic.length;
  const field = (): Buffer => {
    const length = at + 4 > bytes.length ? 0 : bytes.readUInt32BE(at);
    const value = bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    return value;
  };
  const cipher = field().toString('latin1');
  field();
  field();
  at += 4;
  const publicKey = field();
  return keyType(publicKey) === '' ? undefined : { cipher, publicKey };
}

function publicPart(text: string): Buffer | undefined {
  return opensshParts(text)?.publicKey;
}

function isEncrypted(text: string): boolean {
  const cipher = opensshParts(text)?.cipher;
  return cipher === undefined ? /^Proc-Type: 4,ENCRYPTED/m.test(text) : cipher !== 'none';
}

function whyUnreadable(text: string, finding: string): string {
  return /-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)
    ? 'it is in the PKCS#8 format, which the built-in SSH cannot read; ssh-keygen -p -f FILE writes it anew in that of OpenSSH'
    : `it cannot be read as a key (${finding})`;
}

/** As OpenSSH: a key of one's own that others may read is not used. */
function isOpenToOthers(path: string): boolean {
  if (process.getuid === undefined) return false;
  const { uid, mode } = statSync(path);
  return uid === process.getuid() && (mode & 0o077) !== 0;
}
