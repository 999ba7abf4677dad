import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Failure } from './failure.ts';
import { proxyFor } from './proxy-for.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
}

export interface Sender {
  readonly server: URL;
  readonly ca: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly env: Env;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  /** The JSON object of the answer; undefined: it is none. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

const CONNECT_MS = 5000;
const ANSWER_MS = 30_000;
const MOST_BYTES = 16 * 1024 * 1024;

/** `claw-head-01:8080` of `https://claw-head-01:8080`. */
export function hostAndPort(server: URL): string {
  return `${server.hostname}:${server.port || (server.protocol === 'https:' ? '443' : '80')}`;
}

/** Sends one request, through a proxy where the environment names one. @throws Failure `scheduler-unavailable` */
export async function callScheduler(call: Call, { server, ca, headers, env }: Sender): Promise<Reply> {
  const payload = call.body === undefined ? undefined : JSON.stringify(call.body);
  const target = new URL(call.path, server);
  const proxy = proxyFor(target, env);
  const { authorization: _, ...unsigned } = headers;
  const options: RequestOptions & { ca?: string } = {
    method: call.method,
    agent: false,
    headers: {
      accept: 'application/json',
      // what is for the server alone does not go to a proxy
      ...(proxy === undefined ? headers : { ...unsigned, host: target.host }),
      ...(payload !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(payload),
      }),
    },
    ...(proxy !== undefined && { path: target.href }),
    ...(ca !== undefined && { ca }),
  };
  const to = proxy ?? target;
  const open = to.protocol === 'https:' ? httpsRequest : httpRequest;
  const reply = await exchange((answered) => open(to, options, answered), payload).catch((error) => {
    const what = proxy === undefined ? hostAndPort(server) : `proxy ${hostAndPort(proxy)}`;
    throw new Failure('scheduler-unavailable', `cannot reach ${what}: ${codeOf(error)}`, { cause: error });
  });
  return { ...reply, body: objectOf(reply.text) };
}

function exchange(
  open: (answered: (response: IncomingMessage) => void) => ClientRequest,
  payload: string | undefined,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = open((response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MOST_BYTES) outgoing.destroy(new Error('the answer does not end'));
      });
      response.on('error', reject);
      response.on('end', () => {
        clearTimeout(late);
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    const giveUp = () => outgoing.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' }));
    const late = setTimeout(giveUp, ANSWER_MS);
    const unconnected = setTimeout(giveUp, CONNECT_MS);
    outgoing.on('socket', (socket) => socket.once('connect', () => clearTimeout(unconnected)));
    outgoing.on('error', reject);
    outgoing.on('close', () => {
      clearTimeout(unconnected);
      clearTimeout(late);
    });
    outgoing.end(payload);
  });
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** With several addresses Node gives several errors; the first that has a code is as good as any. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
