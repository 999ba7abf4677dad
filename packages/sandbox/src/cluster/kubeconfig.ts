import { stringify } from 'yaml';

/** A kubeconfig as YAML text, for a user with a bearer token. */
export function kubeconfigText(
  server: string,
  caPem: string,
  user: { readonly name: string; readonly token: string },
): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'sandbox',
        cluster: { server, 'certificate-authority-data': Buffer.from(caPem).toString('base64') },
      },
    ],
    users: [{ name: user.name, user: { token: user.token } }],
    contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user: user.name } }],
    'current-context': 'sandbox',
  });
}
