import type { IncomingMessage, ServerResponse } from 'node:http';
import { authenticate, type StaticTokens } from './access/authenticate.ts';
import type { User } from './access/user.ts';
import { admittedUser, callOf } from './admit.ts';
import type { Answer, Cluster } from './api/context.ts';
import { discovery, version } from './api/discovery.ts';
import { dispatch } from './api/dispatch.ts';
import { openApi } from './api/open-api.ts';
import { type ApiRequest, readRequest } from './api/request.ts';
import { type RequestInfo, requestInfo } from './api/request-info.ts';
import type { AuditLog } from './audit.ts';
import { ApiError, internalError, methodNotAllowed, unknownPath } from './storage/status.ts';

/** What answering needs besides the request. */
export interface Handling {
  readonly cluster: Cluster;
  readonly users: StaticTokens;
  readonly audit: AuditLog;
  readonly address: () => string;
}

/** Answers one HTTP request: authenticates, authorizes, dispatches. Never throws; a bug is a 500. */
export async function handleRequest(
  handling: Handling,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let request: ApiRequest | undefined;
  let info: RequestInfo = {
    kind: 'path',
    verb: (incoming.method ?? 'GET').toLowerCase(),
    path: incoming.url ?? '/',
  };
  let user: User | undefined;
  try {
    request = await readRequest(incoming);
    info = requestInfo(request);
    user = await authenticate(request, handling.users, handling.cluster.tokens);
    const answer = await answerFor(handling, request, info, user, response);
    if (answer !== undefined) reply(response, answer);
  } catch (error) {
    const refusal =
      error instanceof ApiError
        ? error
        : internalError(error instanceof Error ? error.message : String(error));
    if (response.headersSent) response.destroy();
    else reply(response, { code: refusal.code, body: refusal.toStatus() }, incoming.complete);
  }
  const record = { request: request ?? { uri: incoming.url ?? '/', headers: incoming.headers }, info, user };
  handling.audit.record({ ...record, code: response.statusCode });
}

async function answerFor(
  handling: Handling,
  request: ApiRequest,
  info: RequestInfo,
  real: User,
  response: ServerResponse,
): Promise<Answer | undefined> {
  const { cluster } = handling;
  const user = admittedUser(cluster, request, { info, real });
  if (info.kind === 'path') return pathAnswer(handling, request, response);
  return dispatch(callOf(cluster, request, { info, user }), response);
}

function pathAnswer(handling: Handling, request: ApiRequest, response: ServerResponse): Answer | undefined {
  const { path, method } = request;
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed({ group: '', plural: path }, method);
  const checks = ['/healthz', '/readyz', '/livez'];
  if (checks.some((check) => path === check || path.startsWith(`${check}/`))) return sendText(response, 'ok');
  if (path === '/version' || path === '/version/') return { code: 200, body: version };
  if (path.startsWith('/openapi/')) return openApi(request, response);
  if (path === '/')
    return {
      code: 200,
      body: { paths: ['/api', '/apis', '/healthz', '/openapi/v2', '/readyz', '/version'] },
    };
  const found = discovery(handling.cluster.registry, path, handling.address());
  if (found === undefined) throw unknownPath();
  return { code: 200, body: found };
}

function sendText(response: ServerResponse, text: string): undefined {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

function reply(response: ServerResponse, answer: Answer, keepAlive = true): void {
  const body = JSON.stringify(answer.body);
  response.writeHead(answer.code, {
    'content-type': 'application/json',
    'cache-control': 'no-cache, private',
    'content-length': Buffer.byteLength(body),
    ...(keepAlive ? {} : { connection: 'close' }),
  });
  response.end(`${body}`);
}
