/** Where the lock of a cluster is: one Lease, so that one run at a time changes the cluster. */
export const leaseRef = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: 'default',
  name: 'claw-run',
} as const;
