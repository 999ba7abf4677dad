import type { Argv, Connection } from '@claw-run/core';
import { createApi } from '../cluster/api.ts';
import type { ClusterChoice } from '../cluster/cluster-choice.ts';
import { clusterWarnings } from '../cluster/cluster-warnings.ts';
import { createSender } from '../cluster/http.ts';
import { loadConfig } from '../cluster/load-config.ts';
import { connectHost, type HostSettings } from '../host/connect-host.ts';
import { createPodShell } from './pod-shell.ts';

export interface PodOptions extends ClusterChoice, HostSettings {
  readonly namespace: string;
  readonly pod: string;
  /** Where absent, the pod's usual or only one. */
  readonly container?: string | undefined;
  /** How the host is called in messages; `namespace/pod/container` unless given. */
  readonly name?: string | undefined;
  /** `claw-run/VERSION`. */
  readonly userAgent: string;
  /** The program that is started in the container; `sh` of its PATH. */
  readonly shell?: Argv | undefined;
  /** How often the connection is tried while nothing is said, which also keeps it open through proxies; 15 s. */
  readonly keepAliveSeconds?: number | undefined;
}

/**
 * A container of a pod, as a host: by way of `exec` of the Kubernetes API, over WebSocket. Opens nothing yet: the first read does. Who connects needs the
 * right to `get` and `create` `pods/exec`; with `get` on `pods`, errors say more.
 * @throws ClawError `target-unbound` when the kubeconfig cannot be read or lacks the context.
 */
export async function connectPod(options: PodOptions): Promise<Connection<'host'>> {
  const { namespace, pod, container, userAgent } = options;
  const { name = [namespace, pod, container].filter((part) => part !== undefined).join('/') } = options;
  const config = await loadConfig(options);
  const sender = createSender(config, userAgent);
  const shell = createPodShell({ ...options, config, api: createApi(sender.send) });
  const host = connectHost({ ...options, name, shell });
  return {
    ...host,
    warnings: clusterWarnings(config),
    async close() {
      await host.close();
      sender.close();
    },
  };
}
