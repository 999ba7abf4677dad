import { type KubeClient, KubeError } from './client.ts';
import { NODE_NAME } from './context.ts';
import { createLoop } from './loop.ts';
import { type KubeObject, resources } from './resources.ts';
import { timestamp } from './workloads.ts';

const HEARTBEAT_MS = 10_000;
const LEASE_NAMESPACE = 'kube-node-lease';

/** Registers the node: Ready, reachable on loopback, its logs on the given port. */
export async function registerNode(client: KubeClient, port: number): Promise<void> {
  const status = nodeStatus(port, timestamp(new Date()));
  const labels = { 'kubernetes.io/hostname': NODE_NAME, 'kubernetes.io/os': 'linux' };
  const node = { metadata: { name: NODE_NAME, labels }, status };
  try {
    await client.create(resources.nodes, node);
  } catch (error) {
    if (!(error instanceof KubeError) || error.code !== 409) throw error;
  }
  // An old node has another port, and not every API server takes the status of a new one.
  await client.patch(resources.nodes, node, { status }, 'status');
}

/** Renews the node's Lease, by which a controller manager sees that it lives. */
export function keepNodeAlive(client: KubeClient, signal: AbortSignal): void {
  const metadata = { name: NODE_NAME, namespace: LEASE_NAMESPACE };
  const loop = createLoop(
    async () => {
      const renewTime = `${new Date().toISOString().slice(0, -1)}000Z`;
      const spec = { holderIdentity: NODE_NAME, leaseDurationSeconds: 40, renewTime };
      try {
        await client.patch(resources.leases, { metadata }, { spec });
      } catch (error) {
        if (!(error instanceof KubeError) || error.code !== 404) throw error;
        await client.create(resources.leases, { metadata, spec } as KubeObject);
      }
      loop.poke(HEARTBEAT_MS);
    },
    // Without the namespace for leases there is no controller manager that wants any.
    signal,
  );
  loop.poke();
}

/** Removes the node and its Lease. */
export async function unregisterNode(client: KubeClient): Promise<void> {
  await client.remove(resources.nodes, { metadata: { name: NODE_NAME } });
  await client.remove(resources.leases, { metadata: { name: NODE_NAME, namespace: LEASE_NAMESPACE } });
}

function nodeStatus(port: number, now: string) {
  const room = { cpu: '8', memory: '16Gi', pods: '110', 'ephemeral-storage': '100Gi' };
  return {
    capacity: room,
    allocatable: room,
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'KubeletReady',
        message: 'the stand-in is ready',
        lastHeartbeatTime: now,
        lastTransitionTime: now,
      },
    ],
    nodeInfo: {
      architecture: 'amd64',
      bootID: '',
      containerRuntimeVersion: 'openclaw://0.1.0',
      kernelVersion: '',
      kubeProxyVersion: 'v0.1.0',
      kubeletVersion: 'v0.1.0',
      machineID: '',
      operatingSystem: 'linux',
      osImage: 'OpenClaw practice node',
      systemUUID: '',
    },
  };
}
