export { type ClusterOptions, connectCluster } from './cluster/connect-cluster.ts';
export { leaseRef } from './cluster/lease-ref.ts';
export { connectLocal, type LocalOptions } from './local/connect-local.ts';
export { connectOpenSsh, type OpenSshOptions } from './openssh/connect-open-ssh.ts';
export { connectPod, type PodOptions } from './pod/connect-pod.ts';
export type { Ask } from './ssh/ask.ts';
export { connectSsh, type SshOptions } from './ssh/connect-ssh.ts';
