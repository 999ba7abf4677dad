import type { IncomingMessage, ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { dig, textOr } from '../storage/objects.ts';
import { ApiError, badRequest, internalError } from '../storage/status.ts';
import type { Call } from './context.ts';
import { containerOf, kubeletAccess, kubeletUrl } from './kubelet.ts';
import { current } from './update.ts';

const passedOn = ['follow', 'previous', 'sinceSeconds', 'sinceTime', 'timestamps', 'tailLines', 'limitBytes'];

/** GET of `pods/NAME/log`: fetched from the kubelet of the pod's node. */
export async function streamLog(call: Call, response: ServerResponse): Promise<void> {
  const pod = current(call);
  const container = containerOf(pod, call.request.query.get('container') ?? '');
  const nodeName = textOr(dig(pod, 'spec', 'nodeName'));
  if (nodeName === '') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end();
    return;
  }
  const url = kubeletUrl(call, nodeName, { root: 'containerLogs', container });
  for (const key of passedOn) {
    const value = call.request.query.get(key);
    if (value !== null) url.searchParams.set(key, value);
  }
  const upstream = await fetchLog(call, url, response);
  if (upstream.statusCode !== undefined && upstream.statusCode >= 300)
    throw await kubeletError(upstream, call);
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  upstream.pipe(response);
  upstream.on('error', () => response.destroy());
}

function fetchLog(call: Call, url: URL, response: ServerResponse): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const upstream = httpsRequest(url, kubeletAccess(call.cluster), resolve);
    upstream.on('error', (error) => reject(new ApiError(500, '', `Get "${url}": ${error.message}`)));
    response.on('close', () => upstream.destroy());
    upstream.end();
  });
}

async function kubeletError(upstream: IncomingMessage, call: Call): Promise<ApiError> {
  const chunks: Buffer[] = [];
  for await (const chunk of upstream) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString('utf8').slice(0, 2048).trim();
  if (upstream.statusCode === 400) return badRequest(text);
  if (upstream.statusCode === 404) {
    const message = `the server could not find the requested resource ( pods/log ${call.info.name})`;
    return new ApiError(404, 'NotFound', message, {
      name: call.info.name,
      kind: 'pods/log',
      causes: [{ reason: 'UnexpectedServerResponse', message: text }],
    });
  }
  return internalError(text);
}
