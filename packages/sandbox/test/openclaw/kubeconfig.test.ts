import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readKubeconfig } from '../../src/openclaw/kubeconfig.ts';

const read = async (text: string, files: Readonly<Record<string, string>> = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'openclaw-kubeconfig-'));
  for (const [name, content] of Object.entries({ config: text, ...files })) {
    await writeFile(join(folder, name), content);
  }
  return readKubeconfig(join(folder, 'config')).finally(() => rm(folder, { recursive: true }));
};

test('the current context counts, with data in place', async () => {
  const text = `
clusters:
  - { name: other, cluster: { server: 'https://other' } }
  - { name: mine, cluster: { server: 'https://mine:6443/', certificate-authority-data: Q0E= } }
users: [{ name: me, user: { client-certificate-data: Q0VSVA==, client-key-data: S0VZ } }]
contexts: [{ name: here, context: { cluster: mine, user: me, namespace: production } }]
current-context: here
`;
  expect(await read(text)).toEqual({
    server: 'https://mine:6443',
    namespace: 'production',
    ca: 'CA',
    clientCertificate: 'CERT',
    clientKey: 'KEY',
  });
});

test('files are found beside the kubeconfig', async () => {
  const text = `
clusters: [{ name: c, cluster: { server: 'https://c', certificate-authority: ca.crt, insecure-skip-tls-verify: true } }]
users: [{ name: u, user: { tokenFile: token } }]
contexts: [{ name: x, context: { cluster: c, user: u } }]
current-context: x
`;
  expect(await read(text, { 'ca.crt': 'CA', token: 'secret\n' })).toEqual({
    server: 'https://c',
    namespace: 'default',
    ca: 'CA',
    token: 'secret',
    insecure: true,
  });
});

test('a context without a server is refused by name', async () => {
  await expect(read('current-context: gone')).rejects.toThrow(
    "the kubeconfig's context 'gone' names no server",
  );
});
