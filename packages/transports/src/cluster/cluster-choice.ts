import type { Secret } from '@claw-run/core';

/** Is told each secret that a kubeconfig or one of its plugins gives, as soon as it is there and before it is used. */
export type OnSecret = (secret: Secret) => void;

/** Which cluster, and as whom. */
export interface ClusterChoice {
  /** The kubeconfig, or several with colons between them; otherwise what `KUBECONFIG`, `~/.kube/config` and the pod's own account give, as for kubectl. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Is told its secrets, and those that its plugins give. */
  readonly onSecret?: OnSecret | undefined;
}
