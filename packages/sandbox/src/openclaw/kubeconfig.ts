import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';

/** How to reach an API server and as whom. */
export interface ClusterAccess {
  readonly server: string;
  /** The namespace of the context; `default` when it names none. */
  readonly namespace: string;
  readonly ca?: string;
  readonly token?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly insecure?: boolean;
}

type Entry = { readonly name?: unknown } & Readonly<Record<string, unknown>>;

/** Reads a kubeconfig file: its current context, with certificates and tokens in place or in files beside it. */
export async function readKubeconfig(path: string): Promise<ClusterAccess> {
  return parseKubeconfig(await readFile(path, 'utf8'), dirname(resolve(path)));
}

/**
 * Reads the current context of a kubeconfig (`folder` is what relative file names in it start from).
 * Exec and auth-provider plugins are not run.
 */
async function parseKubeconfig(text: string, folder: string): Promise<ClusterAccess> {
  const config = record(parse(text));
  const current = string(config['current-context']);
  const context = record(named(config.contexts, current)?.context);
  const cluster = record(named(config.clusters, string(context.cluster))?.cluster);
  const user = record(named(config.users, string(context.user))?.user);
  const server = string(cluster.server);
  if (server === undefined) throw new Error(`the kubeconfig's context '${current ?? ''}' names no server`);

  const pem = (source: Record<string, unknown>, key: string) => dataOrFile(source, key, folder);
  const tokenFile = string(user.tokenFile);
  const token =
    string(user.token) ?? (tokenFile && (await readFile(resolve(folder, tokenFile), 'utf8')).trim());
  const [ca, clientCertificate, clientKey] = await Promise.all([
    pem(cluster, 'certificate-authority'),
    pem(user, 'client-certificate'),
    pem(user, 'client-key'),
  ]);
  return {
    server: server.replace(/\/$/, ''),
    namespace: string(context.namespace) ?? 'default',
    ...(ca && { ca }),
    ...(token && { token }),
    ...(clientCertificate && { clientCertificate }),
    ...(clientKey && { clientKey }),
    ...(cluster['insecure-skip-tls-verify'] === true && { insecure: true }),
  };
}

async function dataOrFile(source: Record<string, unknown>, key: string, folder: string) {
  const data = string(source[`${key}-data`]);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const file = string(source[key]);
  return file === undefined ? undefined : readFile(resolve(folder, file), 'utf8');
}

function named(list: unknown, name: string | undefined): Entry | undefined {
  return (Array.isArray(list) ? (list as Entry[]) : []).find((entry) => entry.name === name);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
