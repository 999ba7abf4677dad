import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { ClawError } from '@claw-run/core';
import type { Reach } from './bind-targets.ts';

/** Whether a cluster is named in any way that kubectl knows. */
export function isConfigured({ kubeconfig, env }: Pick<Reach, 'kubeconfig' | 'env'>): boolean {
  const named = [kubeconfig, env.KUBECONFIG, env.KUBERNETES_SERVICE_HOST];
  return named.some((each) => each !== undefined && each !== '') || usualKubeconfig(env).length > 0;
}

/** The files that say where clusters are, absolute. */
export function kubeconfigPaths(reach: Reach): readonly string[] {
  const { KUBECONFIG } = reach.env;
  const kubeconfig =
    reach.kubeconfig ?? (KUBECONFIG === undefined || KUBECONFIG === '' ? undefined : KUBECONFIG);
  return kubeconfig?.split(delimiter).map((path) => resolve(reach.cwd, path)) ?? usualKubeconfig(reach.env);
}

/** The kubeconfig and context as transports take them. @throws ClawError `target-unbound` where there is no cluster */
export function kubeconfigChoice(
  reach: Reach,
  context: string | undefined,
): { readonly kubeconfig?: string; readonly context?: string } {
  const { kubeconfig } = reach;
  if (!isConfigured(reach)) {
    throw new ClawError(
      'target-unbound',
      'no cluster is configured: there is no ~/.kube/config, and KUBECONFIG is not set',
      {
        hint: 'name one with --kubeconfig, or practise with --sandbox rbac',
      },
    );
  }
  const files = kubeconfig?.split(delimiter).map((path) => resolve(reach.cwd, path));
  return {
    ...(files === undefined ? {} : { kubeconfig: files.join(delimiter) }),
    ...(context === undefined ? {} : { context }),
  };
}

/** `~/.kube/config` where there is one; inside a pod there is none, and its own account is used. */
function usualKubeconfig(env: NodeJS.ProcessEnv): readonly string[] {
  const path = join(env.HOME ?? homedir(), '.kube', 'config');
  return existsSync(path) ? [path] : [];
}
