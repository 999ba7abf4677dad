import type { RequestOptions } from 'node:https';
import { dig, type KubeObject, objectsOf, textOr } from '../storage/objects.ts';
import { ApiError, badRequest, internalError } from '../storage/status.ts';
import type { Call, Cluster } from './context.ts';

/** Where the kubelet of a node serves something about a container: `log` is `containerLogs`, `exec` is `exec`. */
export function kubeletUrl(
  call: Call,
  nodeName: string,
  what: { readonly root: 'containerLogs' | 'exec'; readonly container: string },
): URL {
  const node = call.cluster.store.get('/nodes', '', nodeName);
  if (node === undefined)
    throw new ApiError(404, 'NotFound', `nodes "${nodeName}" not found`, { name: nodeName, kind: 'nodes' });
  const port = dig(node, 'status', 'daemonEndpoints', 'kubeletEndpoint', 'Port') ?? 10_250;
  const address = objectsOf(dig(node, 'status', 'addresses')).find((one) => one.type === 'InternalIP');
  if (address === undefined) throw internalError(`no preferred addresses found; known addresses: []`);
  const path = [call.info.namespace, call.info.name, what.container].map(encodeURIComponent).join('/');
  return new URL(`https://${textOr(address.address)}:${port}/${what.root}/${path}`);
}

/** How to talk to a kubelet: with the server's own certificate; the kubelet's is not checked, as in the API server. */
export function kubeletAccess({ identity }: Cluster): RequestOptions {
  return { cert: identity.certPem, key: identity.keyPem, rejectUnauthorized: false, agent: false };
}

/** The container that was asked for; the usual or the only one where none was. */
export function containerOf(pod: KubeObject, asked: string): string {
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
