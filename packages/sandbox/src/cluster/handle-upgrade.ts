import { STATUS_CODES } from 'node:http';
import { authenticate } from './access/authenticate.ts';
import type { User } from './access/user.ts';
import { admittedUser, callOf } from './admit.ts';
import { joinExec, type Upgrade } from './api/pod-exec.ts';
import { readHead } from './api/request.ts';
import { type RequestInfo, requestInfo } from './api/request-info.ts';
import type { Handling } from './handle.ts';
import { ApiError, badRequest, internalError } from './storage/status.ts';

/** Answers a request to upgrade the connection, which `pods/NAME/exec` takes. Never throws; a bug is a 500. */
export async function handleUpgrade(handling: Handling, upgrade: Upgrade): Promise<void> {
  const { incoming, socket } = upgrade;
  socket.on('error', () => socket.destroy());
  let info: RequestInfo = { kind: 'path', verb: 'get', path: incoming.url ?? '/' };
  let user: User | undefined;
  let code = 101;
  try {
    // what follows the head belongs to the protocol that is asked for, so there is no body
    const request = { ...readHead(incoming), body: Buffer.alloc(0) };
    info = requestInfo(request);
    user = await authenticate(request, handling.users, handling.cluster.tokens);
    const acting = admittedUser(handling.cluster, request, { info, real: user });
    if (info.kind === 'path' || info.plural !== 'pods' || info.subresource !== 'exec')
      throw badRequest('this server upgrades requests for pods/exec only');
    // by a GET alone, who may only read could run commands
    admittedUser(handling.cluster, request, { info: { ...info, verb: 'create' }, real: user });
    await joinExec(callOf(handling.cluster, request, { info, user: acting }), upgrade);
  } catch (error) {
    const refusal =
      error instanceof ApiError
        ? error
        : internalError(error instanceof Error ? error.message : String(error));
    code = refusal.code;
    answer(upgrade, refusal);
  }
  const request = { uri: incoming.url ?? '/', headers: incoming.headers };
  handling.audit.record({ request, info, user, code });
}

function answer({ socket }: Upgrade, refusal: ApiError): void {
  const body = JSON.stringify(refusal.toStatus());
  const head = [
    `HTTP/1.1 ${refusal.code} ${STATUS_CODES[refusal.code] ?? 'Refused'}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
