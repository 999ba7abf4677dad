export { type ClusterOptions, connectCluster } from './cluster/connect-cluster.ts';
export { leaseRef } from './cluster/lease.ts';
export { connectLocal, type LocalOptions } from './local/connect-local.ts';
