import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createAuthorizer } from './access/authorizer.ts';
import { createTokenAuthority, type TokenClaims } from './access/tokens.ts';
import { type User, withAuthenticated } from './access/user.ts';
import type { Cluster } from './api/context.ts';
import { openAuditLog } from './audit.ts';
import { createServingCertificate, type ServingCertificate } from './certificates.ts';
import { runControllers } from './controllers/controllers.ts';
import { handleRequest } from './handle.ts';
import { handleUpgrade } from './handle-upgrade.ts';
import { createRegistry } from './kinds/registry.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { seed } from './seed.ts';
import { createStore } from './storage/store.ts';

export type { TokenClaims } from './access/tokens.ts';

/** A running API server. */
export interface ApiServer {
  readonly url: string;
  readonly caPem: string;
  /** An administrator's kubeconfig, as YAML text. */
  readonly kubeconfig: string;
  /** A kubeconfig for a user who has the rights that RBAC gives to their name and groups. */
  kubeconfigFor(user: { name: string; groups?: readonly string[] }): string;
  /** A ServiceAccount token that says what it is told to, for instance one that has expired. */
  signToken(claims: TokenClaims): Promise<string>;
  close(): Promise<void>;
}

/** Where the server listens and what it writes. */
export interface ApiServerOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Where audit events go, one JSON line a request. */
  readonly auditLog?: string;
}

/** Starts a Kubernetes API server on 127.0.0.1 that keeps its objects in memory. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const identity = await createServingCertificate();
  const { caPem, certPem, keyPem } = identity;
  const cluster = await createCluster(identity);
  const stopControllers = runControllers(cluster);
  seed(cluster);
  const users = new Map<string, User>();
  const audit = openAuditLog(options.auditLog);
  const address = () => new URL(url).host;
  const handling = { cluster, users, audit, address };
  const server = createServer({ cert: certPem, key: keyPem }, (incoming, response) => {
    void handleRequest(handling, incoming, response);
  });
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (incoming, socket, head) => {
    upgraded.add(socket);
    socket.on('close', () => upgraded.delete(socket));
    void handleUpgrade(handling, { incoming, socket, head });
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const kubeconfigFor: ApiServer['kubeconfigFor'] = ({ name, groups = [] }) => {
    const token = randomBytes(24).toString('hex');
    users.set(token, { username: name, groups: withAuthenticated(groups) });
    return kubeconfigText(url, caPem, { name, token });
  };
  return {
    url,
    caPem,
    kubeconfig: kubeconfigFor({ name: 'sandbox-admin', groups: ['system:masters'] }),
    kubeconfigFor,
    signToken: (claims) => cluster.tokens.sign(claims),
    async close() {
      stopControllers();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
      await closed;
      await audit.close();
    },
  };
}

async function createCluster(identity: ServingCertificate): Promise<Cluster> {
  const store = createStore();
  const tokens = await createTokenAuthority(store);
  return {
    store,
    tokens,
    identity,
    caPem: identity.caPem,
    registry: createRegistry(store),
    authorizer: createAuthorizer(store),
  };
}
