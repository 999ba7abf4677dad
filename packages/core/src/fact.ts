import type { ClusterAction } from './action.ts';
import type { ClusterObject, ObjectRef } from './cluster-object.ts';
import { nameOf } from './cluster-object.ts';
import { type JsonObject, stableStringify } from './json.ts';

/** What a target can be: a `host` (local, SSH, pod) or a `cluster` (Kubernetes API). */
export type TargetKind = 'host' | 'cluster';

/** A command as its words; never a shell line. */
export type Argv = readonly [string, ...string[]];

/** The reads a host can serve. None of them may change anything. */
export type HostRead =
  | {
      readonly read: 'run';
      readonly argv: Argv;
      readonly sudo?: boolean;
      /** Runs as this user in a fresh login session: groups, home and environment as they would be after logging in now. */
      readonly as?: string;
      readonly timeoutSeconds?: number;
      /**
       * What of the host the answer depends on, as topics: `file /etc/hosts`, `group claw-users`, `firewall`. An action that `changes` one
       * of them makes the answer unpredictable until it has been performed; a write or removal changes `file PATH`.
       */
      readonly about?: readonly string[];
      /**
       * Paths among its words that it follows. Where somebody else can change where they lead, it runs as that user, with no session begun, in place of root;
       * where more than one can, it is refused (`forbidden`). A folder counts with what is in it.
       */
      readonly paths?: readonly string[];
    }
  | { readonly read: 'file'; readonly path: string; readonly sudo?: boolean };

/** The reads a cluster can serve. A review is a POST that stores nothing; so is a dry run. */
export type ClusterRead =
  | { readonly read: 'get'; readonly ref: ObjectRef }
  | ListRead
  | { readonly read: 'review'; readonly review: Review }
  | RightsRead
  | LogsRead
  | { readonly read: 'dry-run'; readonly action: ClusterAction };

/** All objects of a kind, in one namespace or, without one, in all; narrowed by selectors in Kubernetes' own notation. */
export interface ListRead {
  readonly read: 'list';
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly labels?: string;
  readonly fields?: string;
}

/**
 * The rules that hold for somebody else in a namespace: SelfSubjectRulesReview under impersonation, as `kubectl auth can-i --list --as` asks for
 * it. One request where access reviews would take one for each right; but a list, so what is not in it may be allowed all the same.
 */
export interface RightsRead {
  readonly read: 'rights';
  readonly user: string;
  readonly groups: readonly string[];
  readonly namespace: string;
}

/** The rules that were listed. */
export interface Rights {
  readonly resourceRules: readonly {
    readonly verbs: readonly string[];
    readonly apiGroups?: readonly string[];
    readonly resources?: readonly string[];
    readonly resourceNames?: readonly string[];
  }[];
  readonly nonResourceRules: readonly {
    readonly verbs: readonly string[];
    readonly nonResourceURLs?: readonly string[];
  }[];
}

/** The log of one container; the last `tailLines` lines. */
export interface LogsRead {
  readonly read: 'logs';
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
  readonly previous?: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
}

/** The body of SubjectAccessReview, SelfSubjectAccessReview, TokenReview and their like. */
export interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: JsonObject;
  readonly spec: JsonObject;
}

/** How a command ended. 127 where the program does not exist. */
export interface RunResult {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A regular file; `mode` as in `0o640`. */
export interface FileState {
  readonly content: string;
  /** Set where the content is known to hold a secret: what is made of it is a `Secret`. */
  readonly secret?: true;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
}

/** What the server would make of a write, or the Status it refuses it with. */
export type DryRunResult =
  | { readonly ok: true; readonly object: ClusterObject }
  | {
      readonly ok: false;
      readonly status: number;
      readonly reason: string;
      readonly message: string;
      readonly details?: JsonObject;
    };

export type ReadOf<K extends TargetKind> = K extends 'host' ? HostRead : ClusterRead;

/**
 * One read of a target as data. `key` names it in diffs, errors and journals and is the same for the same fact in every
 * library. `parse` is pure, gets what the transport read and gives JSON (secrets allowed).
 */
export interface Fact<K extends TargetKind, V> {
  readonly on: K;
  readonly key: string;
  readonly read: ReadOf<K>;
  readonly parse: (raw: never) => V;
  /** What reading it puts at risk: told once a run, before it is read. */
  readonly warning?: string;
}

/** The facts of a step, by the names it gives them. */
export type Facts<K extends TargetKind = TargetKind> = { readonly [name: string]: Fact<K, unknown> };

/** The values of facts: one observation. */
export type Seen<F> = { readonly [P in keyof F]: F[P] extends Fact<TargetKind, infer V> ? V : never };

/** The result of a command. Exit statuses are data: `parse` decides what they mean. */
export function runFact<V>(fact: {
  key: string;
  argv: Argv;
  sudo?: boolean;
  as?: string;
  timeoutSeconds?: number;
  about?: readonly string[];
  warning?: string | undefined;
  paths?: readonly string[];
  parse: (raw: RunResult) => V;
}): Fact<'host', V> {
  const { key, parse, warning, ...read } = fact;
  return {
    on: 'host',
    key,
    read: { read: 'run', ...read },
    parse: parse as (raw: never) => V,
    ...(warning !== undefined && { warning }),
  };
}

/** A file; `null` when there is none. */
export function fileFact<V>(fact: {
  key?: string;
  path: string;
  sudo?: boolean;
  parse: (raw: FileState | null) => V;
}): Fact<'host', V> {
  const { key = `file ${fact.path}`, parse, ...read } = fact;
  return { on: 'host', key, read: { read: 'file', ...read }, parse: parse as (raw: never) => V };
}

/** One object of the cluster; `null` when it does not exist (nor its kind). */
export function objectFact<V>(fact: {
  key?: string;
  ref: ObjectRef;
  parse: (raw: ClusterObject | null) => V;
}): Fact<'cluster', V> {
  const { key = nameOf(fact.ref), ref, parse } = fact;
  return { on: 'cluster', key, read: { read: 'get', ref }, parse: parse as (raw: never) => V };
}

/** The objects of a kind; an empty list where the kind does not exist. */
export function listFact<V>(fact: {
  key?: string;
  list: Omit<ListRead, 'read'>;
  parse: (raw: readonly ClusterObject[]) => V;
}): Fact<'cluster', V> {
  const { list, parse } = fact;
  const where = [list.namespace === undefined ? 'all namespaces' : list.namespace, list.labels, list.fields];
  const key = fact.key ?? `${list.kind} list ${where.filter((part) => part !== undefined).join(' ')}`;
  return { on: 'cluster', key, read: { read: 'list', ...list }, parse: parse as (raw: never) => V };
}

/** The answer to a review: the whole object with its `status`. */
export function reviewFact<V>(fact: {
  key: string;
  review: Review;
  parse: (raw: ClusterObject) => V;
}): Fact<'cluster', V> {
  const { key, review, parse } = fact;
  return { on: 'cluster', key, read: { read: 'review', review }, parse: parse as (raw: never) => V };
}

/** The rules that hold for somebody else; `null` where we may not impersonate them. */
export function rightsFact<V>(fact: {
  key: string;
  rights: Omit<RightsRead, 'read'>;
  parse: (raw: Rights | null) => V;
}): Fact<'cluster', V> {
  const { key, rights, parse } = fact;
  return { on: 'cluster', key, read: { read: 'rights', ...rights }, parse: parse as (raw: never) => V };
}

/** The log of a container; `null` when there is none (not started, or no previous one). */
export function logsFact<V>(fact: {
  key?: string;
  logs: Omit<LogsRead, 'read'>;
  parse: (raw: string | null) => V;
}): Fact<'cluster', V> {
  const { logs, parse } = fact;
  const key = fact.key ?? `log ${logs.namespace}/${logs.pod}${logs.previous ? ' (previous)' : ''}`;
  return { on: 'cluster', key, read: { read: 'logs', ...logs }, parse: parse as (raw: never) => V };
}

/** What the server would make of a write, defaults, admission and conflicts included; nothing is stored. */
export function dryRunFact<V>(fact: {
  key: string;
  action: ClusterAction;
  parse: (raw: DryRunResult) => V;
}): Fact<'cluster', V> {
  const { key, action, parse } = fact;
  return { on: 'cluster', key, read: { read: 'dry-run', action }, parse: parse as (raw: never) => V };
}

/** Two facts with the same read key need one read. */
export function readKey(read: HostRead | ClusterRead): string {
  return stableStringify(read.read === 'run' ? { ...read, about: undefined, paths: undefined } : read);
}
