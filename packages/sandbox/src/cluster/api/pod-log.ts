import type { IncomingMessage, ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { dig, type KubeObject, objectsOf, textOr } from '../storage/objects.ts';
import { ApiError, badRequest, internalError } from '../storage/status.ts';
import type { Call } from './context.ts';
import { current } from './update.ts';

const passedOn = ['follow', 'previous', 'sinceSeconds', 'sinceTime', 'timestamps', 'tailLines', 'limitBytes'];

/** GET of `pods/NAME/log`: fetched from the kubelet of the pod's node, whose certificate is not checked, as in the API server. */
export async function streamLog(call: Call, response: ServerResponse): Promise<void> {
  const pod = current(call);
  const container = containerOf(pod, call.request.query.get('container') ?? '');
  const nodeName = textOr(dig(pod, 'spec', 'nodeName'));
  if (nodeName === '') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end();
    return;
  }
  const url = kubeletUrl(call, nodeName, container);
  const upstream = await fetchLog(url, response);
  if (upstream.statusCode !== undefined && upstream.statusCode >= 300)
    throw await kubeletError(upstream, call);
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  upstream.pipe(response);
  upstream.on('error', () => response.destroy());
}

function containerOf(pod: KubeObject, asked: string): string {
  const { name } = pod.metadata;
  const containers = objectsOf(dig(pod, 'spec', 'containers')).map((one) => textOr(one.name));
  const init = objectsOf(dig(pod, 'spec', 'initContainers')).map((one) => textOr(one.name));
  if (asked === '') {
    const usual = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
    if (usual !== undefined && containers.includes(usual)) return usual;
    const [only] = containers;
    if (containers.length === 1 && init.length === 0 && only !== undefined) return only;
    const also = init.length > 0 ? ` or one of the init containers: [${init.join(' ')}]` : '';
    throw badRequest(
      `a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]${also}`,
    );
  }
  if (![...containers, ...init].includes(asked))
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  return asked;
}

function kubeletUrl(call: Call, nodeName: string, container: string): URL {
  const node = call.cluster.store.get('/nodes', '', nodeName);
  if (node === undefined)
    throw new ApiError(404, 'NotFound', `nodes "${nodeName}" not found`, { name: nodeName, kind: 'nodes' });
  const port = dig(node, 'status', 'daemonEndpoints', 'kubeletEndpoint', 'Port') ?? 10_250;
  const address = objectsOf(dig(node, 'status', 'addresses')).find((one) => one.type === 'InternalIP');
  if (address === undefined) throw internalError(`no preferred addresses found; known addresses: []`);
  const path = [call.info.namespace, call.info.name, container].map(encodeURIComponent).join('/');
  const url = new URL(`https://${textOr(address.address)}:${port}/containerLogs/${path}`);
  for (const key of passedOn) {
    const value = call.request.query.get(key);
    if (value !== null) url.searchParams.set(key, value);
  }
  return url;
}

function fetchLog(url: URL, response: ServerResponse): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const upstream = httpsRequest(url, { rejectUnauthorized: false, agent: false }, resolve);
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
