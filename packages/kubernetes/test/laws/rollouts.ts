import { setTimeout as pause } from 'node:timers/promises';
import type { ClusterObject, Connection } from '@claw-run/core';
import { refOf } from '@claw-run/core';
import type { Subject, WriteStatus } from '@claw-run/testing';

/** A controller for one Deployment: as soon as it has changed, all its pods are updated and well. */
export function rollingOut(
  deployment: ClusterObject,
  writeStatus: WriteStatus,
): NonNullable<Subject['before']> {
  return async (connection) => {
    const stop = new AbortController();
    let seen = await follow(connection, deployment, writeStatus);
    const watching = (async () => {
      while (!stop.signal.aborted) {
        await pause(20);
        seen = await follow(connection, deployment, writeStatus, seen);
      }
    })();
    return async () => {
      stop.abort();
      await watching;
    };
  };
}

async function follow(connection: Connection, deployment: ClusterObject, writeStatus: WriteStatus, seen = 0) {
  const read = { read: 'get', ref: refOf(deployment) } as const;
  const now = (await connection.read(read, { signal: new AbortController().signal })) as ClusterObject | null;
  const generation = Number(now?.metadata.generation ?? 0);
  if (generation === seen) return seen;
  const replicas = (deployment.spec as { replicas: number }).replicas;
  const counts = {
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
  };
  await writeStatus(deployment, { observedGeneration: generation, ...counts });
  return generation;
}
