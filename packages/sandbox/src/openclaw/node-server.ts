import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { KeyPair } from './certificates.ts';
import { type ContainerLog, formatLine, type LogQuery, readLog } from './container-log.ts';
import { type ExecEndpoint, refuseUpgrade } from './exec-endpoint.ts';

export interface NodeServer {
  readonly port: number;
  close(): Promise<void>;
}

/** What became of a request for a log: the log, or why there is none. */
export type FoundLog = ContainerLog | { readonly code: number; readonly message: string };

/** Finds a container's log. */
export type FindLog = (target: {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly previous: boolean;
}) => FoundLog;

/** Commands in containers, for whoever shows a client certificate of this CA: the API server. */
export interface ServedExec {
  readonly endpoint: ExecEndpoint;
  /** PEM. */
  readonly clientCa: string;
}

/** Serves `/containerLogs/…` and, where it is given, `/exec/…` of NAMESPACE/POD/CONTAINER on loopback, as a kubelet does for the API server. */
export async function startNodeServer(
  pair: KeyPair,
  find: FindLog,
  exec: ServedExec | undefined,
): Promise<NodeServer> {
  const own = { cert: pair.certificate, key: pair.key };
  const known = exec && { ca: exec.clientCa, requestCert: true, rejectUnauthorized: false };
  const server = createServer({ ...own, ...known }, (request, response) => answer(request, response, find));
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (exec === undefined) refuseUpgrade(socket, { code: 403, message: 'this node runs no commands' });
    else if (!isKnown(socket)) refuseUpgrade(socket, { code: 401, message: 'Unauthorized' });
    else exec.endpoint.upgrade(request, socket, head);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function isKnown(socket: Duplex): boolean {
  return socket instanceof TLSSocket && socket.authorized;
}

function answer(request: IncomingMessage, response: ServerResponse, find: FindLog): void {
  const url = new URL(request.url ?? '/', 'https://node');
  const [, root, namespace, pod, container] = url.pathname.split('/').map(decodeURIComponent);
  if (request.method !== 'GET' || root !== 'containerLogs' || !namespace || !pod || !container) {
    refuse(response, 404, '404 page not found');
    return;
  }
  const previous = url.searchParams.get('previous') === 'true';
  const log = find({ namespace, pod, container, previous });
  if ('message' in log) {
    refuse(response, log.code, log.message);
    return;
  }
  const query = parseQuery(url.searchParams);
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.write(readLog(log, query));
  if (url.searchParams.get('follow') !== 'true' || log.ended) {
    response.end();
    return;
  }
  const stop = log.follow((line) => {
    if (line === undefined) response.end();
    else response.write(formatLine(line, query));
  });
  response.on('close', stop);
}

function parseQuery(parameters: URLSearchParams): LogQuery {
  const number = (key: string) => {
    const value = parameters.get(key);
    return value === null || Number.isNaN(Number(value)) ? undefined : Number(value);
  };
  const [tailLines, limitBytes, sinceSeconds] = [
    number('tailLines'),
    number('limitBytes'),
    number('sinceSeconds'),
  ];
  const sinceTime = parameters.get('sinceTime');
  const since =
    sinceSeconds !== undefined
      ? new Date(Date.now() - sinceSeconds * 1000)
      : sinceTime !== null
        ? new Date(sinceTime)
        : undefined;
  return {
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
    ...(since !== undefined && { sinceTime: since }),
    timestamps: parameters.get('timestamps') === 'true',
  };
}

function refuse(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { 'content-type': 'text/plain' });
  response.end(message);
}
