import type { PodSubject } from '@claw-run/testing';
import { connectCluster, connectPod } from '../src/index.ts';
import { thisMachine } from './this-machine.ts';

const userAgent = 'claw-run/test';

/** How the pods of a sandbox are reached: what runs in their containers are processes of this machine. */
export const podsOfSandbox: Pick<PodSubject, 'connectCluster' | 'connectPod' | 'world'> = {
  connectCluster: (kubeconfig) => connectCluster({ kubeconfig, userAgent }),
  connectPod: (options) => connectPod({ userAgent, ...options }),
  world: thisMachine,
};
