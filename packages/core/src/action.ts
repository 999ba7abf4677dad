import type { ClusterObject, ObjectRef } from './cluster-object.ts';
import type { Argv, TargetKind } from './fact.ts';
import type { Json, JsonObject } from './json.ts';
import type { Secret } from './secret.ts';

/** One mutation of a host, as data. */
export type HostAction =
  | {
      readonly do: 'run';
      readonly argv: Argv;
      readonly sudo?: boolean;
      /** Runs as this user in a fresh login session; see `HostRead`. */
      readonly as?: string;
      readonly stdin?: string | Secret;
      readonly timeoutSeconds?: number;
      /** Topics of the host that it changes; see `about` of `HostRead`. */
      readonly changes?: readonly string[];
      /** Paths among its words that it follows; see `HostRead`. */
      readonly paths?: readonly string[];
    }
  | {
      /** Written beside the file and renamed over it. Owner, group, mode, ACL and SELinux label stay as they are unless given. */
      readonly do: 'write';
      readonly path: string;
      readonly content: string | Secret;
      readonly mode?: number;
      readonly owner?: string;
      readonly group?: string;
      readonly sudo?: boolean;
    }
  | {
      /** The file that the path leads to, as it is read and written; links that lead there stay. */
      readonly do: 'remove';
      readonly path: string;
      readonly sudo?: boolean;
    };

/** One mutation of a cluster, as data. */
export type ClusterAction =
  | { readonly do: 'create'; readonly object: ClusterObject }
  | {
      /** JSON Patch (RFC 6902). `test` operations hold what was observed, so that a change by someone else in between is a conflict. */
      readonly do: 'patch';
      readonly ref: ObjectRef;
      readonly patch: readonly PatchOperation[];
    }
  | {
      readonly do: 'delete';
      readonly ref: ObjectRef;
      readonly propagation?: 'Foreground' | 'Background' | 'Orphan';
    }
  | {
      /** Server-side apply with the field manager `claw-run`. */
      readonly do: 'apply';
      readonly object: ClusterObject;
      readonly force?: boolean;
    }
  | {
      /** TokenRequest, and the token put into a key of a Secret: the token itself never leaves the transport. */
      readonly do: 'issue-token';
      readonly account: { readonly namespace: string; readonly name: string };
      readonly audiences: readonly string[];
      readonly expirationSeconds: number;
      readonly boundTo?: { readonly kind: 'Secret' | 'Pod'; readonly name: string };
      readonly into: { readonly namespace: string; readonly secret: string; readonly key: string };
    };

/** An operation of JSON Patch; `path` is a JSON Pointer (RFC 6901). */
export type PatchOperation =
  | { readonly op: 'test' | 'add' | 'replace'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string };

export type ActionOf<K extends TargetKind> = K extends 'host' ? HostAction : ClusterAction;

export type Action = HostAction | ClusterAction;

/** What a transport tells of an action it performed; never a secret. */
export type ActionResult = JsonObject;
