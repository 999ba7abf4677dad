import { ClawError, type ClusterAction, type ClusterRead, type Connection } from '@claw-run/core';
import { createApi } from './api.ts';
import { createSender } from './http.ts';
import { lockCluster } from './lease.ts';
import { performOnCluster } from './perform.ts';
import { readCluster } from './read.ts';

export interface ClusterOptions {
  /** The kubeconfig file; otherwise what `KUBECONFIG`, `~/.kube/config` and the pod's own account give, as for kubectl. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** `claw-run/VERSION`. */
  readonly userAgent: string;
}

/**
 * Connects to the Kubernetes API. Opens nothing yet: the first read does.
 * @throws ClawError `target-unbound` when the kubeconfig cannot be read or lacks the context.
 */
export async function connectCluster(options: ClusterOptions): Promise<Connection<'cluster'>> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (options.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(options.kubeconfig);
  } catch (cause) {
    throw new ClawError(
      'target-unbound',
      `the kubeconfig cannot be read: ${cause instanceof Error ? cause.message : cause}`,
      {
        hint: 'give one with --kubeconfig or KUBECONFIG',
        cause,
      },
    );
  }
  if (options.context !== undefined) {
    const names = config.getContexts().map((context) => context.name);
    if (!names.includes(options.context)) {
      throw new ClawError('target-unbound', `the kubeconfig has no context ${options.context}`, {
        hint: `it has: ${names.join(', ') || 'none'}`,
      });
    }
    config.setCurrentContext(options.context);
  }
  if (!config.getCurrentCluster()) {
    throw new ClawError(
      'target-unbound',
      `the kubeconfig's current context (${config.currentContext || 'none'}) names no cluster`,
      {
        hint: 'choose one with --context',
      },
    );
  }
  const sender = createSender(config, options.userAgent);
  const api = createApi(sender.send);
  return {
    kind: 'cluster',
    name: config.currentContext,
    read: (read: ClusterRead, { signal }) => readCluster(api, read, signal),
    perform: (action: ClusterAction, { signal }) => performOnCluster(api, action, signal),
    lock: (holder, lockOptions) => lockCluster(api, holder, lockOptions),
    close: async () => sender.close(),
  };
}
