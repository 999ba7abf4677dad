import type { Authorizer } from '../access/authorizer.ts';
import type { TokenAuthority } from '../access/tokens.ts';
import type { User } from '../access/user.ts';
import type { Registry } from '../kinds/registry.ts';
import type { Resource } from '../kinds/resource.ts';
import type { Store } from '../storage/store.ts';
import type { ApiRequest } from './request.ts';
import type { ResourceRequestInfo } from './request-info.ts';

/** The parts that every verb works with. */
export interface Cluster {
  readonly store: Store;
  readonly registry: Registry;
  readonly authorizer: Authorizer;
  readonly tokens: TokenAuthority;
  readonly caPem: string;
  /** The server's own certificate, which it shows to kubelets too; PEM. */
  readonly identity: { readonly certPem: string; readonly keyPem: string };
}

/** A request for a resource that exists, by a user who may make it. */
export interface Call {
  readonly cluster: Cluster;
  readonly request: ApiRequest;
  readonly info: ResourceRequestInfo;
  readonly resource: Resource;
  readonly user: User;
}

/** An answer with a JSON body. */
export interface Answer {
  readonly code: number;
  readonly body: unknown;
}
