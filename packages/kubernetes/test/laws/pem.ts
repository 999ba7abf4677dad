import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';

/** A private key made now, in PEM. */
export const privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

/** A certificate made now and signed by its own key, in PEM. */
export const certificate = execFileSync(
  'openssl',
  ['req', '-x509', '-new', '-key', '/dev/stdin', '-days', '2', '-subj', '/CN=laws'],
  { input: privateKey, stdio: ['pipe', 'pipe', 'ignore'] },
).toString();
