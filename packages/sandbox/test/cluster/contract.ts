import { afterAll, beforeAll, describe } from 'vitest';
import { type Client, connect } from './client.ts';
import { accessContract } from './contract/access.ts';
import { applyContract } from './contract/apply.ts';
import { customResourceContract } from './contract/custom-resources.ts';
import { deletionContract } from './contract/deletion.ts';
import { objectContract } from './contract/objects.ts';
import { patchContract } from './contract/patches.ts';
import { tokenContract } from './contract/tokens.ts';
import { validationContract } from './contract/validation.ts';
import { watchContract } from './contract/watches.ts';

/** A running API server, with an administrator's kubeconfig as YAML text. */
export interface StartedServer {
  readonly kubeconfig: string;
  close(): Promise<void>;
}

/** What every part of the contract is given: a client that is there once the tests run. */
export interface Server {
  readonly client: Client;
}

/**
 * What a client may expect of a Kubernetes API server with its controller manager: run for a real one and for the
 * sandbox's, with the same assertions.
 */
export function apiServerContract(start: () => Promise<StartedServer>): void {
  let started: StartedServer | undefined;
  let client: Client | undefined;
  const server: Server = {
    get client() {
      if (client === undefined) throw new Error('the server has not been started');
      return client;
    },
  };
  beforeAll(async () => {
    started = await start();
    client = connect(started.kubeconfig);
    await client.until('/api/v1/namespaces/default/serviceaccounts/default', (reply) => reply.code === 200);
  });
  afterAll(async () => {
    client?.close();
    await started?.close();
  });
  describe('objects', () => objectContract(server));
  describe('validation', () => validationContract(server));
  describe('patches', () => patchContract(server));
  describe('server-side apply', () => applyContract(server));
  describe('deletion', () => deletionContract(server));
  describe('watches', () => watchContract(server));
  describe('access', () => accessContract(server));
  describe('tokens', () => tokenContract(server));
  describe('custom resources', () => customResourceContract(server));
}
