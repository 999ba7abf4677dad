import type { KubeConfig } from '@kubernetes/client-node';

/** What of a kubeconfig's current cluster leaves the connection open to whoever stands between. */
export function clusterWarnings(config: KubeConfig, env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const cluster = config.getCurrentCluster();
  if (cluster === null) return [];
  const { name, server, skipTLSVerify } = cluster;
  if (/^http:/i.test(server))
    return [`the cluster ${name} is spoken to without TLS (${server}): credentials and answers are in clear`];
  if (skipTLSVerify === true)
    return [
      `the certificate of the cluster ${name} is not checked (insecure-skip-tls-verify): anybody in between can answer for it. Name its CA instead`,
    ];
  return env.NODE_TLS_REJECT_UNAUTHORIZED === '0'
    ? [`the certificate of the cluster ${name} is not checked (NODE_TLS_REJECT_UNAUTHORIZED=0); unset it`]
    : [];
}
