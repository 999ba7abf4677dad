import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';

/** A private key made now, in PEM. */
export const privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '/dev/null'];

/** A certificate made now and signed by its own key, in PEM. */
export const certificate = execFileSync(
  'openssl',
  ['req', '-x509', ...key, '-days', '2', '-subj', '/CN=laws'],
  {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  },
);
