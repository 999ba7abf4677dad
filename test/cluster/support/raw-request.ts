import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { parse } from 'yaml';

/** What an API server answered. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: { readonly [name: string]: string };
}

/** Sends requests to an API server as the user of a kubeconfig, one of a bearer token. */
export async function rawRequests(kubeconfig: string): Promise<(request: RawRequest) => Promise<Answer>> {
  const { clusters, users } = parse(await readFile(kubeconfig, 'utf8')) as {
    clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
    users: { user: { token: string } }[];
  };
  const cluster = clusters[0]?.cluster;
  const ca = Buffer.from(cluster?.['certificate-authority-data'] ?? '', 'base64');
  const authorization = `Bearer ${users[0]?.user.token}`;
  return ({ method, path, body, contentType = 'application/json', headers = {} }) =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const sent = request(
        `${cluster?.server}${path}`,
        { method, ca, agent: false, headers: { authorization, 'content-type': contentType, ...headers } },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            const answer = Buffer.concat(chunks).toString('utf8');
            const json = answer.startsWith('{') ? (JSON.parse(answer) as Answer['body']) : { text: answer };
            resolve({ status: incoming.statusCode ?? 0, body: json });
          });
        },
      );
      sent.on('error', reject);
      sent.end(text);
    });
}
