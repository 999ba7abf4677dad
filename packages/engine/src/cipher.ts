import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** A key, and the name of what it is used for: what was encrypted under one name cannot be opened under another. */
export interface Box {
  readonly key: Buffer;
  readonly name: readonly string[];
}

/** A text, encrypted (AES-256-GCM); in base64. */
export interface Sealed {
  readonly id: string;
  readonly iv: string;
  readonly tag: string;
  readonly data: string;
}

export function encrypt({ key, name }: Box, text: string): Sealed {
  const id = randomBytes(8).toString('hex');
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(boundTo(name, id));
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
  return { id, iv: iv.toString('base64'), tag: cipher.getAuthTag().toString('base64'), data };
}

/** The text, or nothing where it was altered or belongs elsewhere. */
export function decrypt({ key, name }: Box, { id, iv, tag, data }: Sealed): string | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64'), { authTagLength: 16 });
    decipher.setAAD(boundTo(name, id)).setAuthTag(Buffer.from(tag, 'base64'));
    return Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

function boundTo(name: Box['name'], id: string): Buffer {
  return Buffer.from(JSON.stringify([...name, id]));
}
