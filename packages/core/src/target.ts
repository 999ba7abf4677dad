import type { ActionOf, ActionResult } from './action.ts';
import type { ReadOf, TargetKind } from './fact.ts';

/**
 * A way to one target. It reads facts and performs actions, and is the only thing that does.
 * Reads asked for in the same turn may be sent together. Errors are `ClawError`s: `forbidden`, `unreachable`, `fact-unreadable`,
 * `conflict`, `action-failed`, `timeout`.
 */
export interface Connection<K extends TargetKind = TargetKind> {
  readonly kind: K;
  /** How the target is called in messages: a context, a host. */
  readonly name: string;
  /** What is unsafe about the way there, for whoever runs it: told once a run. */
  readonly warnings?: readonly string[];
  /** What the read primitive gives: see the constructors of facts for its type. */
  readonly read: (read: ReadOf<K>, options: { signal: AbortSignal }) => Promise<unknown>;
  /** Begins to connect, for whoever knows that reads will follow. What goes wrong is told by the first of them. */
  readonly begin?: (options: { signal: AbortSignal }) => void;
  /**
   * Performs one action. `key` is `run/step/index`: the same key means the same action, tried again. Where the connection took the lock of its target, the action
   * takes place only while that lock is still its own: else `lock-lost`. A target that refuses the action as a whole says so with `notPerformed`. `signal` is
   * aborted where the time for the action is over: it settles within a second then, with `timeout`, and what it began on a host does not go on.
   */
  readonly perform: (
    action: ActionOf<K>,
    options: { key: string; signal: AbortSignal },
  ) => Promise<ActionResult>;
  /**
   * Which commands of these the target would refuse to run as somebody else, found without running them (`sudo -l`). Hosts alone have it; rights on a
   * cluster are asked for by reviews.
   */
  readonly refused?: (
    wanted: readonly (ReadOf<K> | ActionOf<K>)[],
    options: { signal: AbortSignal },
  ) => Promise<readonly RefusedCommand[]>;
  /** Takes the lock of the target for a run; fails with `locked`, naming the holder, its age and how to break it. */
  readonly lock: (holder: LockHolder, options: LockOptions) => Promise<Lock>;
  readonly close: () => Promise<void>;
}

/** A command that sudo does not grant. */
export interface RefusedCommand {
  /** Whom claw-run is logged in as. */
  readonly user: string;
  /** `root`, or the user that the command is for. */
  readonly runAs: string;
  /** An absolute path and its arguments, as a shell reads them. */
  readonly command: string;
  /** The line of sudoers that grants it and nothing else; absent where there is none. */
  readonly line?: string;
  /** Why there is no such line. */
  readonly unworded?: string;
  /** Set where sudo wants a password first, and none was given: with one it may be granted. */
  readonly because?: 'password';
}

export interface LockHolder {
  readonly run: string;
  readonly runbook: string;
  /** `user@host`. */
  readonly who: string;
}

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Takes the lock whoever has it, who changes nothing more then. */
  readonly force?: boolean;
  /**
   * The locks that the run holds already, those to come included. Where this target is the machine or cluster of one of them, reached in another way, that lock is shared:
   * taken anew, it would be lost to the run itself.
   */
  readonly beside?: readonly Lock[] | undefined;
  /** Is told why taking it needs a while. */
  readonly onWait?: ((because: string) => void) | undefined;
}

export interface Lock {
  /** Aborted when the lock could not be kept. */
  readonly lost: AbortSignal;
  readonly release: () => Promise<void>;
}
