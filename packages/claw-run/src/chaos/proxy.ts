import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { type Fault, faultKinds } from './fault.ts';
import type { Upstream } from './upstream.ts';

/** An API server on loopback in front of the real ones, which has one process meet a fault. */
export interface ChaosProxy {
  /** A kubeconfig with the contexts of the real one. */
  readonly kubeconfig: string;
  /** Counts anew, and lets the fault happen; `kill` ends the process that meets it. */
  readonly arm: (fault: Fault | undefined, kill: () => void, met: () => void) => void;
  /** What was counted since. */
  readonly counted: () => { readonly request: number; readonly change: number };
  readonly close: () => Promise<void>;
}

/** A process that is answered wrongly tries again; so many requests in a row are. */
const inARow = 5;

export async function startProxy(
  file: string,
  { config, upstreams }: { readonly config: KubeConfig; readonly upstreams: readonly Upstream[] },
): Promise<ChaosProxy> {
  const { createServingCertificate } = await import('@claw-run/sandbox');
  const { caPem, certPem, keyPem } = await createServingCertificate();
  let armed: { fault: Fault | undefined; kill: () => void; met: () => void } | undefined;
  const counts = { request: 0, change: 0 };
  const sockets = new Set<Duplex>();

  /** The fault that this request meets. */
  const faultOf = (request: IncomingMessage): Fault | undefined => {
    const change = isChange(request);
    counts.request += 1;
    if (change) counts.change += 1;
    const { kind, place } = armed?.fault ?? {};
    if (kind === undefined || place === undefined) return undefined;
    if (place.of === 'change' ? !change : place.of !== 'request') return undefined;
    const beyond = counts[place.of === 'change' ? 'change' : 'request'] - place.at;
    const here = kind.startsWith('answer-') && place.of === 'request' ? beyond < inARow : beyond === 0;
    return beyond >= 0 && here ? armed?.fault : undefined;
  };

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const fault = isLease(request) ? undefined : faultOf(request);
    const here = armed;
    const harm = () => {
      here?.met();
      if (fault?.kind === 'kill') here?.kill();
      harms[fault?.kind ?? '']?.(response);
      if (!response.writableEnded) request.socket.destroy();
    };
    const body = Buffer.concat(await request.toArray());
    if (fault !== undefined && !fault.place.after) return harm();
    const answer = await forwarded(request, body, upstreams);
    if (fault !== undefined) {
      await answer.toArray();
      return harm();
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  };
  const listener: RequestListener = (request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  };
  const server = createServer({ cert: certPem, key: keyPem }, listener);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    sockets.add(socket);
    upgraded(request, { socket, head }, upstreams).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(file, kubeconfigOf(config, url, caPem), { mode: 0o600 });
  return {
    kubeconfig: file,
    arm(fault, kill, met) {
      armed = { fault, kill, met };
      counts.request = 0;
      counts.change = 0;
    },
    counted: () => ({ ...counts }),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers that nobody expects of an API server. */
const harms: { readonly [kind: string]: (response: ServerResponse) => void } = {
  'answer-429': (response) =>
    response.writeHead(429, { 'retry-after': '1' }).end(statusText(429, 'TooManyRequests')),
  'answer-500': (response) => response.writeHead(500).end(statusText(500, 'InternalError')),
  'answer-503': (response) => response.writeHead(503).end(statusText(503, 'ServiceUnavailable')),
  'answer-html': (response) =>
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end('<html><body>Please sign in to continue.</body></html>'),
  'answer-torn': (response) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"kind":"Status","apiVersion":"v1","metada'),
};

function statusText(code: number, reason: string): string {
  const message = faultKinds[`answer-${code}` as keyof typeof faultKinds].summary;
  return JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message });
}

/** Whether a request asks for something to be changed. Locks are not counted: they are renewed by time. */
function isChange({ method, url = '' }: IncomingMessage): boolean {
  return (
    method !== 'GET' && !/[?&]dryRun=/.test(url) && !/\/apis\/auth(entic|oriz)ation\.k8s\.io\//.test(url)
  );
}

function isLease({ url = '' }: IncomingMessage): boolean {
  return /\/apis\/coordination\.k8s\.io\//.test(url);
}

/** `/N/path`: the context with that number, and the path on it. */
async function located(
  { url = '', method = 'GET', headers }: IncomingMessage,
  upstreams: readonly Upstream[],
) {
  const [, number, path] = /^\/(\d+)(\/.*)$/.exec(url) ?? [];
  const upstream = upstreams[Number(number)];
  if (upstream === undefined || path === undefined) throw new Error(`no context for ${url}`);
  const options = await upstream.optionsFor(path);
  const { host: _host, connection: _connection, ...theirs } = headers;
  return { upstream, options: { ...options, method, headers: { ...theirs, ...options.headers } } };
}

async function forwarded(
  request: IncomingMessage,
  body: Buffer,
  upstreams: readonly Upstream[],
): Promise<IncomingMessage> {
  const { upstream, options } = await located(request, upstreams);
  const outgoing = upstream.request(options);
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  return answer;
}

/** `exec` into pods: bytes both ways. */
async function upgraded(
  request: IncomingMessage,
  { socket, head }: { readonly socket: Duplex; readonly head: Buffer },
  upstreams: readonly Upstream[],
): Promise<void> {
  const { upstream, options } = await located(request, upstreams);
  const headers = { ...options.headers, connection: 'Upgrade' };
  const outgoing = upstream.request({ ...options, headers });
  const refused = once(outgoing, 'response').then(([answer]) => {
    const { statusCode, statusMessage } = answer as IncomingMessage;
    socket.end(`HTTP/1.1 ${statusCode} ${statusMessage}\r\nconnection: close\r\n\r\n`);
  });
  const taken = once(outgoing, 'upgrade').then(([answer, far, first]) => {
    const { rawHeaders } = answer as IncomingMessage;
    const lines = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : []));
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
    const there = far as Duplex;
    there.write(head);
    socket.write(first as Buffer);
    for (const [from, to] of [
      [there, socket],
      [socket, there],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  outgoing.end();
  await Promise.race([refused, taken]);
}

function kubeconfigOf(config: KubeConfig, url: string, caPem: string): string {
  const contexts = config.getContexts();
  const ca = Buffer.from(caPem).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': config.getCurrentContext(),
    clusters: contexts.map((_, at) => ({
      name: `cluster-${at}`,
      cluster: { server: `${url}/${at}`, 'certificate-authority-data': ca },
    })),
    users: [{ name: 'by-proxy', user: {} }],
    contexts: contexts.map(({ name, namespace }, at) => ({
      name,
      context: {
        cluster: `cluster-${at}`,
        user: 'by-proxy',
        ...(namespace === undefined ? {} : { namespace }),
      },
    })),
  });
}
