import { setTimeout as pause } from 'node:timers/promises';
import { type ClusterObject, type Connection, refOf } from '@claw-run/core';
import { type Subject, until, type WriteStatus } from '@claw-run/testing';

/** The kind of jobs, as far as the steps need it: any spec, and a status that only its subresource changes. */
const definition: ClusterObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'jobs.openclaw.io' },
  spec: {
    group: 'openclaw.io',
    scope: 'Namespaced',
    names: { plural: 'jobs', singular: 'job', kind: 'Job', listKind: 'JobList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

/** Makes the API server serve jobs. */
export async function serveJobs(connection: Connection<'cluster'>): Promise<void> {
  const { signal } = new AbortController();
  const read = { read: 'get', ref: refOf(definition) } as const;
  if ((await connection.read(read, { signal })) === null) {
    await connection.perform({ do: 'create', object: definition }, { key: 'definition', signal });
  }
  await until('jobs are served', async () => {
    const now = (await connection.read(read, { signal })) as ClusterObject & {
      status?: { conditions?: readonly { type: string; status: string }[] };
    };
    return (
      now.status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True') ?? false
    );
  });
}

/** Workers that complete each job of a namespace as soon as it is there. */
export function completing(namespace: string, writeStatus: WriteStatus): NonNullable<Subject['before']> {
  return async (connection) => {
    const stop = new AbortController();
    const { signal } = new AbortController();
    const read = { read: 'list', apiVersion: 'openclaw.io/v1', kind: 'Job', namespace } as const;
    const working = (async () => {
      while (!stop.signal.aborted) {
        const jobs = (await connection.read(read, { signal })) as readonly ClusterObject[];
        const open = jobs.filter(({ status }) => status === undefined);
        await Promise.all(open.map((job) => writeStatus(job, { state: 'COMPLETED' }).catch(() => undefined)));
        await pause(20);
      }
    })();
    return async () => {
      stop.abort();
      await working;
    };
  };
}
