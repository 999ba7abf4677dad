import { ClawError } from '@claw-run/core';
import type { KubeConfig } from '@kubernetes/client-node';
import type { ClusterChoice } from './cluster-choice.ts';
import { tellCredentials } from './credentials.ts';

/**
 * Loads a kubeconfig with its current context set.
 * @throws ClawError `target-unbound` when it cannot be read or lacks the context.
 */
export async function loadConfig(options: ClusterChoice): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    const { kubeconfigOf } = await import('./kubeconfig-files.ts');
    const merged = kubeconfigOf(options.kubeconfig);
    if (merged === undefined) config.loadFromDefault();
    else config.loadFromString(JSON.stringify(merged));
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
  if (options.onSecret !== undefined) tellCredentials(config, options.onSecret);
  return config;
}
