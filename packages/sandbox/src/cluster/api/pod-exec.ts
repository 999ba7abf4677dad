import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { dig, textOr } from '../storage/objects.ts';
import { ApiError, badRequest } from '../storage/status.ts';
import type { Call } from './context.ts';
import { containerOf, kubeletAccess, kubeletUrl } from './kubelet.ts';
import { isTrue } from './request-info.ts';
import { current } from './update.ts';

/** The client's side of an upgrade request. */
export interface Upgrade {
  readonly incoming: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** What a kubelet calls the streams of a command. */
const streams = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' } as const;
const answerLimit = 2048;

/**
 * An upgrade of `pods/NAME/exec`: passed on to the kubelet of the pod's node, and both connections joined. Resolves when they are.
 * @throws ApiError what the client is answered with instead.
 */
export async function joinExec(call: Call, upgrade: Upgrade): Promise<void> {
  const pod = current(call);
  const { query } = call.request;
  const container = containerOf(pod, query.get('container') ?? '');
  const nodeName = textOr(dig(pod, 'spec', 'nodeName'));
  if (nodeName === '') throw badRequest(`pod ${call.info.name} does not have a host assigned`);
  const url = kubeletUrl(call, nodeName, { root: 'exec', container });
  for (const [name, kubeletName] of Object.entries(streams))
    if (isTrue(query.get(name))) url.searchParams.set(kubeletName, '1');
  for (const word of query.getAll('command')) url.searchParams.append('command', word);
  await join(call, url, upgrade);
}

function join(call: Call, url: URL, { incoming, socket, head }: Upgrade): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(url, {
      ...kubeletAccess(call.cluster),
      method: incoming.method,
      headers: upgradeHeaders(incoming),
    });
    const leave = () => outgoing.destroy();
    socket.once('close', leave);
    outgoing.on('error', (error) => reject(new ApiError(500, '', `error dialing backend: ${error.message}`)));
    outgoing.on('response', (answer) => {
      socket.off('close', leave);
      refusal(answer).then(reject, reject);
    });
    outgoing.on('upgrade', (answer, node, nodeHead) => {
      socket.off('close', leave);
      socket.write(headOf(answer));
      socket.write(nodeHead);
      node.write(head);
      node.on('error', () => socket.destroy());
      node.on('close', () => socket.destroy());
      socket.on('close', () => node.destroy());
      node.pipe(socket).pipe(node);
      resolve();
    });
    outgoing.end();
  });
}

/** What asks for the upgrade, without the client's credentials. */
function upgradeHeaders({ headers }: IncomingMessage) {
  const passedOn = Object.entries(headers).filter(
    ([name]) => name === 'connection' || name === 'upgrade' || /^(sec-websocket|x-stream)-/.test(name),
  );
  return Object.fromEntries(passedOn);
}

function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

async function refusal(answer: IncomingMessage): Promise<ApiError> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString('utf8').slice(0, answerLimit).trim();
  return new ApiError(answer.statusCode ?? 500, answer.statusCode === 400 ? 'BadRequest' : '', text);
}
