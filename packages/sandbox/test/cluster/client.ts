import { Agent, request } from 'node:https';
import { parse } from 'yaml';

/** A JSON value without a type of its own; assertions say what it is. */
export interface Json {
  readonly [key: string]: Json;
}

/** An answer of an API server. */
export interface Reply {
  readonly code: number;
  readonly body: Json;
  readonly text: string;
}

/** How to ask. */
export interface Asking {
  readonly as?: string;
  readonly groups?: string[];
  readonly type?: string;
  readonly token?: string;
  readonly accept?: string;
}

/** Talks to one API server. */
export interface Client {
  ask(method: string, path: string, body?: unknown, asking?: Asking): Promise<Reply>;
  /** Asks until an answer satisfies the condition; throws after ten seconds. */
  until(path: string, satisfied: (reply: Reply) => boolean): Promise<Reply>;
  close(): void;
}

/** Connects with a kubeconfig (YAML text) that has a token. */
export function connect(kubeconfig: string): Client {
  const config = parse(kubeconfig);
  const { server, 'certificate-authority-data': ca } = config.clusters[0].cluster;
  const agent = new Agent({ keepAlive: true, ca: Buffer.from(ca, 'base64') });
  const ownToken: string = config.users[0].user.token;

  const ask: Client['ask'] = (method, path, body, asking = {}) =>
    new Promise((resolve, reject) => {
      const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const headers: Record<string, string | string[]> = {
        authorization: `Bearer ${asking.token ?? ownToken}`,
        accept: asking.accept ?? 'application/json',
        'user-agent': 'contract/1.0',
        'content-type': asking.type ?? 'application/json',
        // Node gives a DELETE's body no length by itself.
        ...(payload !== undefined && { 'content-length': String(Buffer.byteLength(payload)) }),
        ...(asking.as !== undefined && { 'impersonate-user': asking.as }),
        ...(asking.groups !== undefined && { 'impersonate-group': asking.groups }),
      };
      const outgoing = request(new URL(path, server), { method, agent, headers }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ code: incoming.statusCode ?? 0, text, body: parsed(text) });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(payload);
    });
  return {
    ask,
    async until(path, satisfied) {
      const deadline = Date.now() + 10_000;
      for (;;) {
        const reply = await ask('GET', path);
        if (satisfied(reply)) return reply;
        if (Date.now() > deadline)
          throw new Error(`${path} did not come to be as wanted: ${reply.code} ${reply.text}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    close: () => agent.destroy(),
  };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return known<Json>(text);
  }
}

/** A value whose type the test knows. */
export function known<T>(value: unknown): T {
  return value as T;
}
