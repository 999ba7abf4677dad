import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { connectCluster } from '../src/index.ts';

/** A cluster whose API server says what it was asked, with a user as given. */
async function clusterWith(user: object) {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-credentials-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const server = createServer((request, response) => {
    response.statusCode = 403;
    response.end(
      JSON.stringify({ kind: 'Status', status: 'Failure', message: `no: ${request.headers.authorization}` }),
    );
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'it',
    clusters: [
      { name: 'it', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
    ],
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
    users: [{ name: 'it', user }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const told: string[] = [];
  const connection = await connectCluster({
    kubeconfig,
    userAgent: 'test',
    onSecret: (secret) => told.push(secret.reveal()),
  });
  onTestFinished(() => connection.close());
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: 'b' };
  const error = await connection.read({ read: 'get', ref }, { signal: new AbortController().signal }).then(
    () => undefined,
    (reason: Error) => reason,
  );
  return { told, error };
}

async function plugin(script: string): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-plugin-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const command = join(folder, 'plugin');
  await writeFile(command, `#!/bin/sh\n${script}\n`);
  await chmod(command, 0o755);
  const env = [{ name: 'PLUGIN_SECRET', value: 'of-the-plugin' }];
  return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, env, interactiveMode: 'Never' } };
}

it('the secrets of a kubeconfig are told before they are used', async () => {
  expect((await clusterWith({ token: 'a-bearer-token' })).told).toEqual(['a-bearer-token']);
  expect((await clusterWith({ username: 'me', password: 'my-password' })).told).toContain('my-password');
});

it('so is what a plugin gives, and what it is given', async () => {
  const credential = {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token: 'made-by-a-plugin' },
  };
  const { told, error } = await clusterWith(await plugin(`echo '${JSON.stringify(credential)}'`));
  expect(error).toMatchObject({ code: 'forbidden', message: expect.stringContaining('no: Bearer') });
  expect(told).toEqual(['of-the-plugin', 'made-by-a-plugin']);
});

it('what a plugin gives and is no JSON is not repeated', async () => {
  const { error } = await clusterWith(await plugin('echo plain-token-of-a-plugin'));
  expect(error).toMatchObject({ code: 'forbidden' });
  expect(error?.message).toBe(
    'the credentials of context it cannot be had: what its plugin gave is not JSON',
  );
});

it('a token of a file is sent without its line end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-token-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'token'), 'tok-of-a-file\n');
  const { error } = await clusterWith({ tokenFile: join(folder, 'token') });
  expect(error?.message).toContain('no: Bearer tok-of-a-file');
});

it('a token that no header takes is told', async () => {
  const { error } = await clusterWith({ token: 'one\ntwo' });
  expect(error).toMatchObject({
    code: 'forbidden',
    message: 'the credentials of context it cannot be had: the token has characters that no token has',
  });
});

it('a plugin that is not installed is told with where it comes from', async () => {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'no-such-plugin',
    installHint: 'install it by: brew install no-such-plugin',
    interactiveMode: 'Never',
  };
  const { error } = await clusterWith({ exec });
  expect(error).toMatchObject({ code: 'forbidden', hint: 'install it by: brew install no-such-plugin' });
});
