import { randomBytes } from 'node:crypto';
import { hashPassword } from '../daemon/passwords.ts';
import { createServerCertificate, type ServerCertificate } from './server-certificate.ts';

/** What a head node has that no other has. */
export interface HeadNodeSecrets {
  readonly jwtKey: string;
  readonly adminToken: string;
  /** By user, in the clear and as the scheduler keeps them. */
  readonly passwords: Readonly<Record<string, { readonly password: string; readonly hash: string }>>;
  readonly tls: ServerCertificate;
}

/** Makes new secrets for these users, and a certificate for a server with these names and addresses. */
export async function createHeadNodeSecrets(options: {
  readonly users: readonly string[];
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}): Promise<HeadNodeSecrets> {
  const passwords = await Promise.all(
    options.users.map(async (user) => {
      const password = randomBytes(18).toString('base64url');
      return [user, { password, hash: await hashPassword(password) }] as const;
    }),
  );
  return {
    jwtKey: randomBytes(48).toString('base64url'),
    adminToken: randomBytes(32).toString('base64url'),
    passwords: Object.fromEntries(passwords),
    tls: await createServerCertificate(options),
  };
}
