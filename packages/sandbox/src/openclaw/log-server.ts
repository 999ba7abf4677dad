import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KeyPair } from './certificates.ts';
import { type ContainerLog, formatLine, type LogQuery, readLog } from './container-log.ts';

export interface LogServer {
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

/** Serves `/containerLogs/NAMESPACE/POD/CONTAINER` on loopback, as a kubelet does for the API server. */
export async function startLogServer(pair: KeyPair, find: FindLog): Promise<LogServer> {
  const server = createServer({ cert: pair.certificate, key: pair.key }, (request, response) =>
    answer(request, response, find),
  );
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
