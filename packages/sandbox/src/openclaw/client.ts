import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { ClusterAccess } from './kubeconfig.ts';
import { type KubeObject, type ListOf, pathOf, type Resource, resources } from './resources.ts';

/** An answer of the API server that is not a success; `code` 0: it did not answer at all. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.reason = reason;
  }
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

export interface WatchOptions<T> {
  readonly resourceVersion?: string;
  readonly signal: AbortSignal;
  readonly onEvent: (event: WatchEvent<T>) => void;
}

/** A Kubernetes client over kept-alive connections. `get` answers undefined where there is nothing. */
export interface KubeClient {
  readonly access: ClusterAccess;
  get<T extends KubeObject>(
    resource: Resource,
    namespace: string | undefined,
    name: string,
  ): Promise<T | undefined>;
  list<T extends KubeObject>(resource: Resource, namespace?: string): Promise<ListOf<T>>;
  /** Resolves when the server ends the watch; rejects when it refuses it. */
  watch<T extends KubeObject>(resource: Resource, options: WatchOptions<T>): Promise<void>;
  create<T extends KubeObject>(resource: Resource, object: T, subresource?: string): Promise<T>;
  replace<T extends KubeObject>(resource: Resource, object: T, subresource?: string): Promise<T>;
  /** A JSON merge patch (RFC 7386) of the object or of one of its subresources. */
  patch<T extends KubeObject>(
    resource: Resource,
    target: KubeObject,
    patch: object,
    subresource?: string,
  ): Promise<T>;
  /** The log of a pod's only container, as far as it has got. */
  readLog(pod: KubeObject): Promise<string>;
  /** True when there was something to delete. */
  remove(resource: Resource, target: KubeObject, options?: object): Promise<boolean>;
  close(): void;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

const USER_AGENT = 'openclaw-stand-in/0.1.0';

/** A client for the given access. It opens connections when first used and keeps them until `close`. */
export function createClient(access: ClusterAccess): KubeClient {
  const secure = access.server.startsWith('https:');
  const tls = {
    ca: access.ca,
    cert: access.clientCertificate,
    key: access.clientKey,
    rejectUnauthorized: access.insecure !== true,
  };
  const agent = secure ? new HttpsAgent({ keepAlive: true, ...tls }) : new HttpAgent({ keepAlive: true });

  const open = (call: Call): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const payload = call.body === undefined ? undefined : JSON.stringify(call.body);
      const outgoing = (secure ? httpsRequest : httpRequest)(
        `${access.server}${call.path}`,
        { agent, method: call.method, headers: headers(access, call, payload), signal: call.signal },
        resolve,
      );
      outgoing.on('error', (cause: NodeJS.ErrnoException) =>
        reject(new KubeError(0, cause.code ?? cause.name, `${access.server}: ${cause.message}`, { cause })),
      );
      outgoing.end(payload);
    });

  const fetchText = async (options: Call): Promise<string> => {
    const response = await open(options);
    const text = await bodyOf(response);
    if ((response.statusCode ?? 500) >= 300) throw refusal(response, text);
    return text;
  };
  const call = async <T>(options: Call): Promise<T> => JSON.parse(await fetchText(options)) as T;

  return {
    access,
    get: (resource, namespace, name) =>
      absentIs(undefined, call({ method: 'GET', path: pathOf(resource, namespace, name) })),
    list: (resource, namespace) => call({ method: 'GET', path: pathOf(resource, namespace) }),
    async watch(resource, { resourceVersion, signal, onEvent }) {
      const query = `?watch=1&allowWatchBookmarks=true&resourceVersion=${resourceVersion ?? ''}`;
      const response = await open({ method: 'GET', path: pathOf(resource) + query, signal });
      if (response.statusCode !== 200) throw refusal(response, await bodyOf(response));
      await eachLine(response, (line) => onEvent(JSON.parse(line)));
    },
    create: (resource, object, subresource) => {
      const name = subresource === undefined ? undefined : object.metadata.name;
      const path = pathOf(resource, object.metadata?.namespace, name, subresource);
      return call({ method: 'POST', path, body: { ...typeOf(resource), ...object } });
    },
    replace: (resource, object, subresource) => {
      const path = pathOf(resource, object.metadata.namespace, object.metadata.name, subresource);
      return call({ method: 'PUT', path, body: { ...typeOf(resource), ...object } });
    },
    patch: (resource, { metadata }, body, subresource) => {
      const path = pathOf(resource, metadata.namespace, metadata.name, subresource);
      return call({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' });
    },
    readLog: ({ metadata: { namespace, name } }) =>
      fetchText({ method: 'GET', path: pathOf(resources.pods, namespace, name, 'log') }),
    remove: (resource, { metadata }, body) => {
      const path = pathOf(resource, metadata.namespace, metadata.name);
      return absentIs(
        false,
        call({ method: 'DELETE', path, body }).then(() => true),
      );
    },
    close: () => agent.destroy(),
  };
}

/** True when the error says that there is no such object (or no such kind). */
export function isAbsent(error: unknown): boolean {
  return error instanceof KubeError && error.code === 404;
}

function typeOf({ apiVersion, kind }: Resource) {
  return { apiVersion, kind };
}

async function absentIs<T>(instead: T, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (isAbsent(error)) return instead;
    throw error;
  }
}

function headers({ token }: ClusterAccess, { contentType }: Call, payload: string | undefined) {
  return {
    accept: 'application/json',
    'user-agent': USER_AGENT,
    ...(token && { authorization: `Bearer ${token}` }),
    ...(payload !== undefined && {
      'content-type': contentType ?? 'application/json',
      'content-length': Buffer.byteLength(payload),
    }),
  };
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

async function eachLine(response: IncomingMessage, onLine: (line: string) => void): Promise<void> {
  response.setEncoding('utf8');
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') onLine(line);
  }
}

function refusal(response: IncomingMessage, text: string): KubeError {
  const code = response.statusCode ?? 500;
  try {
    const { reason, message } = JSON.parse(text) as { reason?: string; message?: string };
    return new KubeError(code, reason ?? '', message ?? `the API server answered ${code}`);
  } catch {
    return new KubeError(code, '', `the API server answered ${code}: ${text.trim().slice(0, 200)}`);
  }
}
