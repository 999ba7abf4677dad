import { existsSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { ClawError } from '@claw-run/core';
import type { KubeConfig } from '@kubernetes/client-node';
import { unlessAborted } from '../unless-aborted.ts';
import { type Agents, createAgents } from './agents.ts';
import { decoded } from './decoded.ts';
import { pause } from './waiting.ts';

/** One request to the API server; `path` starts at the server's root. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: { readonly [name: string]: string | undefined };
  readonly contentType?: string;
  readonly body?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly signal: AbortSignal;
  /** Waited for once the connection stands, right before the request is written to it: where it throws, nothing is sent. */
  readonly before?: ((signal: AbortSignal) => Promise<void>) | undefined;
}

export interface ApiResponse {
  readonly status: number;
  readonly text: string;
  /** Without its parameters. */
  readonly contentType?: string;
  /** How long the server asks to be left alone. */
  readonly retryAfterMs?: number;
}

export type SendRequest = (request: ApiRequest) => Promise<ApiResponse>;

/** Sends requests until it is closed. */
export interface Sender {
  readonly send: SendRequest;
  readonly close: () => void;
}

/** How long a connection may take, how long nothing may come, how long a whole answer may take. After that long no read is tried again either. */
const connectTimeoutMs = 20_000;
const idleTimeoutMs = 30_000;
const answerTimeoutMs = 60_000;
/** A plugin may ask whoever runs it to log in. */
const pluginTimeoutMs = 300_000;
const attempts = 4;
const longestPauseMs = 10_000;
/** More than any page of a list, any log that is asked for. */
const answerLimitBytes = 256 * 1024 * 1024;

/**
 * Sends requests with the kubeconfig's credentials, taken anew for each request so that tokens of plugins are renewed.
 * What stores nothing goes over kept-alive connections, and is tried again when the server cannot be reached or is in trouble (500, 502, 503, 504); a write takes
 * a connection of its own, because of one that broke while idle it could not be told whether it was carried out. A 429, which carried out nothing, is tried again
 * for both, after the time that the server asks for.
 */
export function createSender(config: KubeConfig, userAgent: string): Sender {
  const agents = createAgents();
  return {
    async send(request) {
      const begun = performance.now();
      for (let attempt = 1; ; attempt += 1) {
        let wait = 100 * 2 ** attempt;
        try {
          const response = await send(config, { userAgent, agents }, request);
          if (!mayPass(response, request) || attempt === attempts) return response;
          wait = Math.min(response.retryAfterMs ?? wait, longestPauseMs);
        } catch (error) {
          const again = error instanceof ClawError && error.retryable && storesNothing(request);
          const late = performance.now() - begun > answerTimeoutMs;
          if (!again || late || attempt === attempts || request.signal.aborted) throw error;
        }
        await pause(wait, request.signal);
      }
    },
    close: agents.close,
  };
}

/** Whether the same request, made again, may be answered otherwise, and is not carried out twice. */
function mayPass({ status }: ApiResponse, request: ApiRequest): boolean {
  if (status === 429) return true;
  return storesNothing(request) && (status === 500 || status === 502 || status === 503 || status === 504);
}

/** Reads, reviews and dry runs. */
function storesNothing({ method, path, query }: ApiRequest): boolean {
  return (
    method === 'GET' || query?.dryRun !== undefined || /^\/apis\/auth(entic|oriz)ation\.k8s\.io\//.test(path)
  );
}

async function send(
  config: KubeConfig,
  { userAgent, agents }: { readonly userAgent: string; readonly agents: Agents },
  request: ApiRequest,
): Promise<ApiResponse> {
  const url = serverUrl(config, request.path);
  for (const [name, value] of Object.entries(request.query ?? {}))
    if (value !== undefined) url.searchParams.set(name, value);
  const options = await withCredentials(config, { method: request.method }, request.signal);
  if (storesNothing(request)) options.agent = agents.keeping(options.agent);
  options.headers = {
    ...options.headers,
    ...request.headers,
    'user-agent': userAgent,
    accept: 'application/json',
    ...(request.body === undefined
      ? {}
      : {
          'content-type': request.contentType ?? 'application/json',
          'content-length': Buffer.byteLength(request.body),
        }),
  };
  return exchange(url, options, request);
}

/** Where the API server of the current context serves a path that starts at its root. */
export function serverUrl(config: KubeConfig, path: string): URL {
  const cluster = config.getCurrentCluster();
  if (!cluster)
    throw new ClawError(
      'target-unbound',
      `the kubeconfig's context ${config.currentContext} names no cluster`,
    );
  return new URL(cluster.server.replace(/\/+$/, '') + path);
}

/** Adds what the kubeconfig says about the server's certificate, the proxy and the user, whose token may be made by a plugin. */
export async function withCredentials(
  config: KubeConfig,
  base: https.RequestOptions,
  signal?: AbortSignal,
): Promise<https.RequestOptions> {
  const options = { ...base, headers: {} };
  const limit = AbortSignal.timeout(pluginTimeoutMs);
  const over = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  try {
    await unlessAborted(config.applyToHTTPSOptions(options), over);
    return withCleanToken(options);
  } catch (error) {
    signal?.throwIfAborted();
    throw new ClawError(
      'forbidden',
      `the credentials of context ${config.currentContext} cannot be had: ${messageOf(error)}`,
      {
        hint: installHintOf(config) ?? 'check the user of this context in the kubeconfig',
        cause: error,
      },
    );
  }
}

/** A file of a token ends with a line end, which no header has. @throws Error where there is more in it that cannot be sent */
function withCleanToken(options: https.RequestOptions): https.RequestOptions {
  const { Authorization, ...others } = options.headers as { readonly [name: string]: string };
  if (Authorization === undefined) return options;
  if (!/^[\x20-\x7e]*$/.test(Authorization.trim()))
    throw new Error('the token has characters that no token has');
  return { ...options, headers: { ...others, Authorization: Authorization.trim() } };
}

/** What the kubeconfig says of a plugin that is not installed. */
function installHintOf(config: KubeConfig): string | undefined {
  const { command, installHint } = (config.getCurrentUser()?.exec ?? {}) as {
    command?: string;
    installHint?: string;
  };
  return command === undefined || isInstalled(command) ? undefined : installHint;
}

function isInstalled(command: string): boolean {
  const folders = command.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  return folders.some((folder) => existsSync(join(folder, command)));
}

/** One request and its answer. It settles as soon as the signal is aborted or a time is over, whatever the connection does. */
function exchange(url: URL, options: https.RequestOptions, request: ApiRequest): Promise<ApiResponse> {
  const { signal, before } = request;
  return new Promise((resolve, reject) => {
    let sent = false;
    const settle = (give: () => void) => {
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      give();
    };
    const fail = (error: unknown) =>
      settle(() => {
        outgoing.destroy();
        reject(error);
      });
    const failed = (error: Error) =>
      fail(signal.aborted ? signal.reason : unreachable(url, error, { unsent: !sent }));
    const aborted = () => fail(signal.reason);
    const outgoing = (url.protocol === 'http:' ? http : https).request(url, options, (incoming) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > answerLimitBytes)
          failed(new Error(`its answer is larger than ${answerLimitBytes} bytes`));
      });
      incoming.on('error', failed);
      incoming.on('end', () => {
        try {
          const response = responseOf(incoming, Buffer.concat(chunks));
          settle(() => resolve(response));
        } catch (error) {
          failed(error as Error);
        }
      });
    });
    const send = () => {
      sent = true;
      outgoing.end(request.body);
    };
    const timers = [
      setTimeout(() => {
        if (!connected) failed(new Error(`no connection within ${connectTimeoutMs / 1000} s`));
      }, connectTimeoutMs),
      setTimeout(
        () => failed(new Error(`no whole answer within ${answerTimeoutMs / 1000} s`)),
        answerTimeoutMs,
      ),
    ];
    let connected = false;
    outgoing.on('socket', (socket) =>
      whenConnected(socket, () => {
        connected = true;
        if (before !== undefined) before(signal).then(send).catch(fail);
      }),
    );
    outgoing.setTimeout(idleTimeoutMs, () => failed(new Error(`no answer for ${idleTimeoutMs / 1000} s`)));
    outgoing.on('error', failed);
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    if (before === undefined) send();
  });
}

/** Calls back once bytes can be sent: after TLS was agreed on, where there is any. */
function whenConnected(socket: Socket, then: () => void): void {
  const tls =
    'secureConnecting' in socket ? (socket as TLSSocket & { secureConnecting: boolean }) : undefined;
  if (tls?.secureConnecting) tls.once('secureConnect', then);
  else if (socket.connecting) socket.once('connect', then);
  else then();
}

function responseOf({ statusCode = 0, headers }: http.IncomingMessage, body: Buffer): ApiResponse {
  const retryAfterMs = retryAfter(headers['retry-after']);
  const [contentType] = (headers['content-type'] ?? '').toLowerCase().split(';');
  return {
    status: statusCode,
    text: decoded(body, headers['content-encoding'], answerLimitBytes).toString('utf8'),
    ...(contentType ? { contentType: contentType.trim() } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** The server does not answer, or not as the one that the kubeconfig means. */
export function unreachable(url: URL, error: Error, { unsent = false } = {}): ClawError {
  const code = 'code' in error ? String(error.code) : '';
  const tls = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code);
  return new ClawError('unreachable', `the API server ${url.origin} cannot be reached: ${error.message}`, {
    hint: tls
      ? 'its certificate is not signed by the CA of the kubeconfig; check `certificate-authority-data`'
      : 'check the server of the current kubeconfig context, and that it is up',
    cause: error,
    retryable: !tls,
    // no connection, so no request
    notPerformed: unsent || tls || neverConnected.has(code),
  });
}

const neverConnected: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EMFILE',
  'ENFILE',
]);

/** What a plugin gave and is no JSON may hold the token all the same: the parser's message quotes it. */
function messageOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return `its plugin gave none for ${pluginTimeoutMs / 1000} s`;
  if (error instanceof SyntaxError) return 'what its plugin gave is not JSON';
  return error instanceof Error ? error.message : String(error);
}
