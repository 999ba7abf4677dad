import type { IncomingMessage } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import { type Argv, ClawError } from '@claw-run/core';
import type { KubeConfig } from '@kubernetes/client-node';
import type { WebSocket } from 'ws';
import { serverUrl, unreachable, withCredentials } from '../cluster/http.ts';
import { statusOf } from '../cluster/status.ts';
import { explain, type Looking, named } from './explain.ts';

export interface ExecOptions extends Looking {
  readonly config: KubeConfig;
  readonly userAgent: string;
  readonly command: Argv;
}

/** The newest first; version 5 can end the standard input, and servers before Kubernetes 1.30 do not have it. */
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const openingMs = 30_000;
const answerLimit = 64 * 1024;

/** An open connection, and the socket below it. */
export interface ExecConnection {
  readonly socket: WebSocket;
  readonly tcp: TcpSocket;
}

/** Opens the connection of one command, with standard input, output and error apart and no terminal. @throws ClawError as `Shell.open` */
export async function openExec(options: ExecOptions, signal: AbortSignal): Promise<ExecConnection> {
  signal.throwIfAborted();
  const url = execUrl(options);
  const [{ WebSocket: Socket }, base] = await Promise.all([
    import('ws'),
    withCredentials(options.config, {}),
  ]);
  signal.throwIfAborted();
  const socket = new Socket(webSocketUrl(url), protocols, {
    ...base,
    headers: { ...base.headers, 'user-agent': options.userAgent },
    handshakeTimeout: openingMs,
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      signal.removeEventListener('abort', onAbort);
      socket.on('error', () => {});
      socket.terminate();
      reject(error);
    };
    const onAbort = () => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('upgrade', ({ socket: tcp }) => {
      socket.once('open', () => {
        signal.removeEventListener('abort', onAbort);
        socket.removeAllListeners();
        // what it says before the caller listens is not lost
        socket.pause();
        resolve({ socket, tcp });
      });
    });
    socket.once('error', (error) => fail(openingError(error, url, options)));
    socket.once('unexpected-response', (_request, answer) => {
      refusal(answer, options).then(fail, fail);
    });
  });
}

function execUrl({ config, namespace, pod, container, command }: ExecOptions): URL {
  const path = ['namespaces', namespace, 'pods', pod, 'exec'].map(encodeURIComponent).join('/');
  const url = serverUrl(config, `/api/v1/${path}`);
  if (container !== undefined) url.searchParams.set('container', container);
  for (const stream of ['stdin', 'stdout', 'stderr']) url.searchParams.set(stream, 'true');
  for (const word of command) url.searchParams.append('command', word);
  return url;
}

function webSocketUrl(url: URL): URL {
  const other = new URL(url);
  other.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
  return other;
}

function openingError(error: Error, url: URL, place: Looking): ClawError {
  if (/handshake has timed out/.test(error.message))
    return new ClawError(
      'timeout',
      `${named(place)}: the API server ${url.origin} did not open a connection within ${openingMs / 1000} s`,
      { hint: 'check that it is up, and that a proxy in between lets WebSocket through', retryable: true },
    );
  if (/subprotocol/i.test(error.message))
    return new ClawError(
      'unreachable',
      `${named(place)}: the API server speaks none of ${protocols.join(', ')}`,
      {
        hint: 'check that the server of the current kubeconfig context is a Kubernetes API server',
        cause: error,
      },
    );
  return unreachable(url, error);
}

async function refusal(answer: IncomingMessage, place: Looking): Promise<ClawError> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > answerLimit) break;
    chunks.push(bytes);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return explain(place, statusOf({ status: answer.statusCode ?? 0, text }));
}
