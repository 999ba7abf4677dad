import { type ClusterObject, type Connection, refOf } from '@claw-run/core';
import { until } from '@claw-run/testing';
import { connectCluster } from '@claw-run/transports';
import { poolDefinition } from './given.ts';

/** Connects with a kubeconfig file; the kinds that the subjects use are served then. */
export async function connectForLaws(kubeconfig: string): Promise<Connection<'cluster'>> {
  const connection = await connectCluster({ kubeconfig, userAgent: 'claw-run-test' });
  const { signal } = new AbortController();
  const read = { read: 'get', ref: refOf(poolDefinition) } as const;
  if ((await connection.read(read, { signal })) === null) {
    await connection.perform({ do: 'create', object: poolDefinition }, { key: 'definition', signal });
  }
  await until('Pools are served', async () => {
    const now = (await connection.read(read, { signal })) as ClusterObject & {
      status?: { conditions?: readonly { type: string; status: string }[] };
    };
    return (
      now.status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True') ?? false
    );
  });
  return connection;
}
