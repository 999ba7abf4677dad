import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClusterAction, Connection } from '@claw-run/core';
import { expect, it, onTestFinished } from 'vitest';
import { withKubeconfig } from './kubeconfig.ts';

// Answers that no API server gives: of proxies, pages that ask for a log-in, balancers in trouble, lines that are cut.

const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'a', name: 'b' } as const;
const found = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'b', namespace: 'a' },
  data: { k: 'v' },
};
const create: ClusterAction = { do: 'create', object: found };
const page = '<!DOCTYPE html><html><body>Please log in</body></html>';

type Answer = (response: ServerResponse, request: IncomingMessage, number: number) => void;

/** A cluster that answers as it is told, and how often it was asked. */
async function answering(answer: Answer): Promise<{ cluster: Connection<'cluster'>; asked: () => number }> {
  let number = 0;
  const server = createServer((request, response) => {
    number += 1;
    request.resume();
    answer(response, request, number);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const cluster = await withKubeconfig(`http://127.0.0.1:${port}`);
  onTestFinished(async () => {
    await cluster.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { cluster, asked: () => number };
}

const json = (response: ServerResponse, status: number, body: unknown, headers = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const calm = () => ({ signal: new AbortController().signal });
const get = { read: 'get', ref } as const;
const list = { read: 'list', apiVersion: 'v1', kind: 'ConfigMap', namespace: 'a' } as const;

it.each<[string, Answer]>([
  ['a page with 200', (response) => response.writeHead(200).end(page)],
  ['a page with 404', (response) => response.writeHead(404).end(page)],
  ['nothing with 200', (response) => response.writeHead(200).end()],
  ['JSON that was cut off', (response) => response.writeHead(200).end(JSON.stringify(found).slice(0, 30))],
  ['a list in place of an object', (response) => json(response, 200, [found])],
  ['null', (response) => json(response, 200, null)],
  [
    'a Status with 200',
    (response) => json(response, 200, { kind: 'Status', status: 'Success', metadata: {} }),
  ],
  ['JSON of somebody else', (response) => json(response, 200, { login: 'https://portal' })],
  ['a way elsewhere', (response) => response.writeHead(302, { location: 'https://portal' }).end()],
  ['a proxy that wants a log-in', (response) => response.writeHead(407).end(page)],
])('%s is no object, and nothing follows from it', async (_, answer) => {
  const { cluster } = await answering(answer);
  await expect(cluster.read(get, calm())).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringMatching(/^cannot read ConfigMap a\/b: the answer is not one of an API server: /),
    hint: expect.stringMatching(/kubeconfig|HTTPS_PROXY/),
  });
});

it.each<[string, Answer]>([
  ['a page', (response) => response.writeHead(200).end(page)],
  ['no items', (response) => json(response, 200, { kind: 'ConfigMapList', metadata: {} })],
])('a list with %s is no empty list', async (_, answer) => {
  const { cluster } = await answering(answer);
  await expect(cluster.read(list, calm())).rejects.toMatchObject({ code: 'unreachable' });
});

it.each([500, 502, 503, 504])('a read that fails once with %i is made again', async (status) => {
  const { cluster, asked } = await answering((response, _, number) =>
    number === 1 ? response.writeHead(status).end('busy') : json(response, 200, found),
  );
  expect(await cluster.read(get, calm())).toMatchObject({ data: { k: 'v' } });
  expect(asked()).toBe(2);
});

it.each([500, 502, 503, 504])(
  'a change that fails with %i is not made again: it may have taken place',
  async (status) => {
    const { cluster, asked } = await answering((response) => response.writeHead(status).end('busy'));
    const performing = cluster.perform(create, { key: 'a', ...calm() });
    await expect(performing).rejects.toMatchObject({ retryable: true, notPerformed: false });
    expect(asked()).toBe(1);
  },
);

it.each([400, 401, 403, 405, 409, 410, 415, 422])(
  'a change that is refused with %i did not take place',
  async (code) => {
    const { cluster } = await answering((response, request) =>
      request.method === 'GET'
        ? json(response, 200, found)
        : json(response, code, { kind: 'Status', message: 'no', reason: 'No' }),
    );
    await expect(cluster.perform(create, { key: 'a', ...calm() })).rejects.toMatchObject({
      notPerformed: true,
    });
  },
);

it.each<[number, string]>([
  [
    403,
    'configmaps "b" is forbidden: exceeded quota: q, requested: count/configmaps=1, limited: count/configmaps=0',
  ],
  [403, 'pods "b" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false'],
  [
    403,
    'configmaps "b" is forbidden: unable to create new content in namespace a because it is being terminated',
  ],
  [403, 'admission webhook "v.example.org" denied the request: not on Fridays'],
  [400, 'admission webhook "v.example.org" denied the request: not on Fridays'],
  [422, `configmaps "b" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`],
])('what admission refuses (%i %s) is told as it says, and no right is asked for', async (code, message) => {
  const { cluster } = await answering((response, request) =>
    request.method === 'GET'
      ? json(response, 404, { kind: 'Status', message: 'none', reason: 'NotFound', details: { name: 'b' } })
      : json(response, code, { kind: 'Status', message, reason: 'Forbidden' }),
  );
  await expect(cluster.perform(create, { key: 'a', ...calm() })).rejects.toMatchObject({
    code: 'action-failed',
    message: `cannot create ConfigMap a/b: ${message}`,
    hint: expect.stringContaining('no right is missing'),
    notPerformed: true,
  });
  const tried = cluster.read({ read: 'dry-run', action: create }, calm());
  expect(await tried).toMatchObject({ ok: false, status: code, message });
});

it.each([
  'configmaps is forbidden: User "u" cannot create resource "configmaps" in API group "" in the namespace "a"',
  'roles.rbac.authorization.k8s.io "b" is forbidden: user "u" is attempting to grant RBAC permissions not currently held',
])('who lacks a right is told to ask for it: %s', async (message) => {
  const { cluster } = await answering((response) =>
    json(response, 403, { kind: 'Status', message, reason: 'Forbidden' }),
  );
  await expect(cluster.perform(create, { key: 'a', ...calm() })).rejects.toMatchObject({
    code: 'forbidden',
    hint: expect.stringContaining('ask for the right'),
  });
});

it.each(['0', new Date(Date.now() - 1000).toUTCString()])(
  'who is told to come again later (%s) does, with changes too',
  async (later) => {
    const { cluster, asked } = await answering((response, _, number) =>
      number < 3
        ? response.writeHead(429, { 'retry-after': later }).end('later')
        : json(response, 201, found),
    );
    expect(await cluster.perform(create, { key: 'a', ...calm() })).toEqual({ status: 201 });
    expect(asked()).toBe(3);
  },
);

it('a list whose next page is gone begins again', async () => {
  const { cluster, asked } = await answering((response, request, number) => {
    const next = request.url?.includes('continue=') === true;
    if (next && number === 2)
      return json(response, 410, { kind: 'Status', message: 'expired', reason: 'Expired' });
    return json(response, 200, { items: [found], metadata: next ? {} : { continue: 'more' } });
  });
  expect(await cluster.read(list, calm())).toHaveLength(2);
  expect(asked()).toBe(4);
});

it.each<[string, Answer]>([
  ['never comes', () => {}],
  [
    'drips',
    (response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(timer));
    },
  ],
  [
    'is cut',
    (response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('{"kind":');
    },
  ],
])('an answer that %s ends with the time that was allowed', async (_, answer) => {
  const { cluster } = await answering(answer);
  for (const work of [
    (signal: AbortSignal) => cluster.read(get, { signal }),
    (signal: AbortSignal) => cluster.perform(create, { key: 'a', signal }),
    (signal: AbortSignal) => cluster.lock({ run: 'r', runbook: 'x', who: 'me' }, { signal }),
  ]) {
    const over = new AbortController();
    const reason = new Error('over');
    const working = work(over.signal);
    over.abort(reason);
    await expect(working).rejects.toBe(reason);
  }
});
