import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, Buffer>(scrypt);
const LENGTH = 32;

/** `scrypt:SALT:HASH`, base64, with Node's default cost (N 16384, r 8, p 1). */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, LENGTH);
  return `scrypt:${salt.toString('base64')}:${hash.toString('base64')}`;
}

/** Whether a password has this hash. Takes as long where there is no hash to compare with. */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [scheme, salt = '', hash = ''] = stored?.split(':') ?? [];
  const wanted = Buffer.from(hash, 'base64');
  const given = await derive(password, Buffer.from(salt, 'base64'), LENGTH);
  return scheme === 'scrypt' && wanted.length === LENGTH && timingSafeEqual(given, wanted);
}
