import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { type ClusterObject, guessPlural, type JsonObject } from '@claw-run/core';
import { parse } from 'yaml';

/** Stands in for controllers and kubelets: writes the status of objects. */
export type WriteStatus = (object: ClusterObject, status: JsonObject) => Promise<void>;

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
  readonly users: readonly [{ readonly user: { readonly token: string } }];
}

/** Merges into the status subresource, as the user of a kubeconfig that bears a token. */
export function statusWriter(kubeconfig: () => string): WriteStatus {
  return (object, status) =>
    new Promise((resolve, reject) => {
      const { clusters, users } = parse(readFileSync(kubeconfig(), 'utf8')) as Kubeconfig;
      const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
      const root = object.apiVersion.includes('/') ? '/apis' : '/api';
      const { name, namespace } = object.metadata;
      const path = `${root}/${object.apiVersion}/namespaces/${namespace}/${guessPlural(object.kind)}/${name}/status`;
      const sent = request(new URL(path, server), {
        method: 'PATCH',
        ca: Buffer.from(ca, 'base64'),
        agent: false,
        headers: {
          authorization: `Bearer ${users[0].user.token}`,
          'content-type': 'application/merge-patch+json',
        },
      });
      sent.on('error', reject);
      sent.on('response', (answer) => {
        answer.resume();
        answer.on('end', () =>
          answer.statusCode === 200
            ? resolve()
            : reject(new Error(`the status of ${name} was answered with ${answer.statusCode}`)),
        );
      });
      sent.end(JSON.stringify({ status }));
    });
}
