import http from 'node:http';
import https from 'node:https';
import { ClawError } from '@claw-run/core';
import type { KubeConfig } from '@kubernetes/client-node';

/** A cluster that a kubeconfig leads to, for whoever looks at it from outside: it shares no code with the client of runs. */
export interface Upstream {
  readonly context: string;
  /** The options of a request for a path, with credentials. */
  readonly optionsFor: (path: string) => Promise<https.RequestOptions>;
  readonly request: (options: https.RequestOptions) => http.ClientRequest;
}

/** Every context of a kubeconfig; without a file, those that kubectl would see. @throws ClawError `target-unbound` */
export async function upstreamsOf(kubeconfig: string | undefined): Promise<{
  readonly config: KubeConfig;
  readonly upstreams: readonly Upstream[];
}> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (cause) {
    throw new ClawError('target-unbound', `the kubeconfig cannot be read: ${String(cause)}`, { cause });
  }
  return { config, upstreams: config.getContexts().map(({ name }) => upstreamOf(config, name)) };
}

function upstreamOf(all: KubeConfig, context: string): Upstream {
  const config = Object.assign(Object.create(Object.getPrototypeOf(all)) as KubeConfig, all);
  config.setCurrentContext(context);
  const server = new URL(config.getCurrentCluster()?.server ?? 'https://nowhere.invalid');
  const protocol = server.protocol === 'http:' ? http : https;
  return {
    context,
    async optionsFor(path) {
      const options: https.RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      return {
        ...options,
        protocol: server.protocol,
        hostname: server.hostname,
        port: server.port,
        path: `${server.pathname.replace(/\/$/, '')}${path}`,
      };
    },
    request: (options) => protocol.request(options),
  };
}

/** The answer to a GET, as JSON. @throws Error where it is none */
export async function getJson(upstream: Upstream, path: string): Promise<unknown> {
  const options = await upstream.optionsFor(path);
  const text = await new Promise<string>((resolve, reject) => {
    const request = upstream.request({
      ...options,
      headers: { ...options.headers, accept: 'application/json' },
    });
    request.setTimeout(30_000, () => request.destroy(new Error(`${path}: no answer for 30 s`)));
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${path}: HTTP ${response.statusCode} ${body.slice(0, 200)}`));
      });
    });
    request.end();
  });
  return JSON.parse(text);
}
