import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClawError, isObject, mapSecrets, type Redactor, Secret } from '@claw-run/core';

/** Keeps secrets apart from a journal: the journal bears an id, a file of its own the sealed text (AES-256-GCM). */
export interface Seal {
  /** The same JSON with `{"$secret": id}` for each secret, and `{"$text": id}` for each text that holds one. */
  readonly seal: (value: unknown) => Promise<unknown>;
  /** The JSON as it was. */
  readonly unseal: (value: unknown) => unknown;
  readonly close: () => Promise<void>;
}

interface Sealed {
  readonly id: string;
  readonly iv: string;
  readonly tag: string;
  readonly data: string;
}

/** Opens the seal of one run. The key is made on first use, for its owner alone. */
export async function openSeal(folder: string, keyFile: string, redactor: Redactor): Promise<Seal> {
  const key = await keyOf(keyFile);
  const path = join(folder, 'sealed.jsonl');
  const known = new Map((await readSealed(path)).map((entry) => [entry.id, decrypt(key, entry)]));
  for (const text of known.values()) redactor.add(new Secret(text));
  const ids = new Map([...known].map(([id, text]) => [text, id]));
  const file = await open(path, 'a', 0o600);

  const seal = async (value: unknown): Promise<unknown> => {
    const fresh: Sealed[] = [];
    const sealed = mapSecrets(hideTexts(value, redactor), (secret) => {
      const text = secret.reveal();
      const id = ids.get(text) ?? randomBytes(8).toString('hex');
      if (!ids.has(text)) {
        ids.set(text, id);
        known.set(id, text);
        fresh.push(encrypt(key, id, text));
      }
      return secret instanceof HiddenText ? { $text: id } : { $secret: id };
    });
    if (fresh.length > 0) {
      await file.write(fresh.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
      await file.datasync();
    }
    return sealed;
  };

  const unseal = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(unseal);
    if (!isObject(value)) return value;
    const [[name, id] = [], ...more] = Object.entries(value);
    const text = more.length === 0 && typeof id === 'string' ? known.get(id) : undefined;
    if (text !== undefined && name === '$secret') return new Secret(text);
    if (text !== undefined && name === '$text') return text;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unseal(item)]));
  };

  return { seal, unseal, close: () => file.close() };
}

/** A text that holds a secret: hidden like one, and a text again afterwards. */
class HiddenText extends Secret {}

/** A text that holds a known secret is sealed as a whole: undo needs it unharmed. */
function hideTexts(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactor.redact(value) === value ? value : new HiddenText(value);
  if (Array.isArray(value)) return value.map((item) => hideTexts(item, redactor));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, hideTexts(item, redactor)]));
}

async function keyOf(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(randomBytes(32));
    await file.sync();
    await file.close();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const key = await readFile(path);
  if (key.length !== 32)
    throw new ClawError(
      'journal-damaged',
      `the key ${path} is damaged: it has ${key.length} bytes instead of 32`,
    );
  return key;
}

async function readSealed(path: string): Promise<readonly Sealed[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Sealed);
}

function encrypt(key: Buffer, id: string, text: string): Sealed {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(id));
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
  return { id, iv: iv.toString('base64'), tag: cipher.getAuthTag().toString('base64'), data };
}

function decrypt(key: Buffer, { id, iv, tag, data }: Sealed): string {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64')).setAAD(Buffer.from(id));
    decipher.setAuthTag(Buffer.from(tag, 'base64'));
    return Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new ClawError('journal-damaged', 'the sealed secrets of the run cannot be opened with this key', {
      cause,
    });
  }
}
