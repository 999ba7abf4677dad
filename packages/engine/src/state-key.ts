import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ClawError, systemReason } from '@claw-run/core';
import { makeFolder } from './log-file.ts';
import { assertTrusted, untrusted } from './trusted-path.ts';

/** The key that makes what claw-run keeps its own: a key for each purpose is derived from it. */
export interface StateKey {
  /** Tells keys apart and nothing of the key. */
  readonly id: string;
  /** HMAC-SHA256 over the parts, hex. */
  readonly sign: (purpose: Purpose, parts: readonly unknown[]) => string;
  /** 32 bytes for AES-256-GCM. */
  readonly cipherKey: (purpose: Purpose) => Buffer;
}

type Purpose = 'key' | 'journal' | 'head' | 'seal' | 'index' | 'plan' | 'plan seal';

/** What to do where state lies below somebody else's folder, as with `sudo` that keeps HOME. */
export const placeOfYourOwn =
  'name places of your own with --state-dir and --key-file, or call it with a HOME of your own (sudo -H)';

const length = 32;

/**
 * Reads the key of this user. With `make`, one is made where there is none; a file that is empty counts as none, since nothing was ever kept with it.
 * @throws ClawError `untrusted`, or `journal-damaged` where it is missing or is no key
 */
export async function readStateKey(path: string, { make = false } = {}): Promise<StateKey> {
  await assertTrusted(path, `the key ${path}`, { instead: placeOfYourOwn });
  await assertPrivate(path);
  const found = await bytesOf(path);
  if (found !== undefined && found.length > 0) return keyOf(path, found);
  if (!make) {
    const what = found === undefined ? 'is missing' : 'is empty';
    throw new ClawError(
      'journal-damaged',
      `the key ${path} ${what}, so nothing that was kept with it can be trusted`,
      {
        hint: 'put the key back from a backup; what the run changed has to be looked at by hand otherwise',
      },
    );
  }
  await makeKey(path, found !== undefined);
  return keyOf(path, (await bytesOf(path)) ?? Buffer.alloc(0));
}

/** The key of 32 bytes that are kept elsewhere than in a file: by a vault, a service of a cloud. @throws ClawError `journal-damaged` for another length */
export function stateKeyFrom(bytes: Uint8Array): StateKey {
  return keyOf(undefined, Buffer.from(bytes));
}

function keyOf(path: string | undefined, bytes: Buffer): StateKey {
  if (bytes.length !== length)
    throw new ClawError(
      'journal-damaged',
      `${path === undefined ? 'the key' : `the key ${path}`} is damaged: it has ${bytes.length} bytes instead of ${length}`,
      path === undefined
        ? {}
        : { hint: `put it back from a backup; or give up what was kept with it: mv ${path} ${path}.damaged` },
    );
  const derived = new Map<Purpose, Buffer>();
  const cipherKey = (purpose: Purpose) => {
    const key = derived.get(purpose) ?? Buffer.from(hkdfSync('sha256', bytes, '', `claw-run ${purpose}`, 32));
    derived.set(purpose, key);
    return key;
  };
  const sign = (purpose: Purpose, parts: readonly unknown[]) =>
    createHmac('sha256', cipherKey(purpose)).update(JSON.stringify(parts)).digest('hex');
  return { id: sign('key', []).slice(0, 16), sign, cipherKey };
}

async function assertPrivate(path: string): Promise<void> {
  const mode = await stat(path).then(
    (info) => info.mode & 0o7777,
    () => 0,
  );
  if ((mode & 0o077) !== 0)
    throw untrusted(`the key ${path}`, {
      why: `others can read it (mode ${mode.toString(8)})`,
      fix: `chmod 600 ${path}; what was kept with it may have been read or forged since`,
    });
}

/** A key is there whole or not at all, and whoever comes second takes that of the first. */
async function makeKey(path: string, empty: boolean): Promise<void> {
  const fresh = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await makeFolder(dirname(path));
    if (empty) await setEmptyAside(path, `${fresh}.empty`);
    const file = await open(fresh, 'wx', 0o600);
    try {
      await file.writeFile(randomBytes(length));
      await file.sync();
    } finally {
      await file.close();
    }
    await link(fresh, path).catch(unless('EEXIST'));
    const folder = await open(dirname(path), 'r');
    await folder.sync();
    await folder.close();
  } catch (error) {
    throw new ClawError(
      'refused',
      `the key ${path}, which journals and plans are signed with, cannot be made: ${systemReason(error)}`,
      {
        hint: 'put that right, or name another file with --key-file',
        cause: error,
      },
    );
  } finally {
    await rm(fresh, { force: true }).catch(() => undefined);
  }
}

/** Moves an empty key away; one that somebody else has made meanwhile is put back. */
async function setEmptyAside(path: string, aside: string): Promise<void> {
  await rename(path, aside).catch(unless('ENOENT'));
  const moved = await bytesOf(aside);
  if (moved !== undefined && moved.length > 0) await link(aside, path).catch(unless('EEXIST'));
  await rm(aside, { force: true });
}

async function bytesOf(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new ClawError('journal-damaged', `the key ${path} cannot be read: ${systemReason(error)}`, {
      hint: 'put that right, or name another file with --key-file',
      cause: error,
    });
  }
}

/** Passes over one error of the file system, for `catch`. */
export function unless(expected: string) {
  return (error: NodeJS.ErrnoException) => {
    if (error.code !== expected) throw error;
  };
}
