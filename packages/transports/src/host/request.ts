import { ClawError } from '@claw-run/core';
import type { Way } from './sudo.ts';
import type { Outcome, Result, Wire } from './wire.ts';

/** One thing to do on the host. */
export interface Request {
  /** How it is called in messages. */
  readonly what: string;
  /** The user that it needs, where that is not the one of the log-in. */
  readonly runAs?: string | undefined;
  /** Shell text that ends with `r ID`, `a ID` or what else ends the frame. */
  readonly script: (id: string, way: Way) => string;
  /** The path of a file: those of a turn are looked at in one `stat`. */
  readonly stat?: string;
  /** What sudo is asked for where each command is asked for by itself. */
  readonly words?: readonly string[];
  /** What ends its output, where it runs as another user; see `foreignFunctions`. */
  readonly mark?: string;
  readonly seconds: number;
  /** Changes something: where the connection drops, nobody knows whether it did. */
  readonly action?: boolean;
  readonly signal: AbortSignal;
}

/** A shell that was started, and what it told of itself. */
export interface Open {
  readonly wire: Wire;
  /** Tells the shell what it has to know, once; nothing can be asked of it before. */
  readonly greet: () => void;
  /** Settles once the shell has told of itself, or has ended. */
  readonly greeted: Promise<boolean>;
  pid: number;
  uid: string;
  user: string;
  way: Way;
  /** Sudo took the password since it last asked for one. */
  authenticated: boolean;
  /** Given up, because what runs in it could not be ended. */
  abandoned: boolean;
}

/** Requests that went out in one root shell. */
export interface Group {
  readonly ended: Promise<Result>;
  pid: number | undefined;
  /** The one that ended the root shell, where it ended early. */
  culprit?: Item;
  decided?: Promise<void>;
}

/** A request on its way. */
export interface Item {
  readonly request: Request;
  readonly way: Way | undefined;
  readonly settle: (settled: Settled) => void;
  /** Settles when nothing more comes for it. */
  gone?: Promise<void>;
  id?: string;
  open?: Open;
  group?: Group;
  excess?: 'time' | 'output';
}

export type Settled =
  | { readonly outcome: Outcome; readonly item: Item; readonly open: Open }
  | { readonly failed: unknown };

/** How much of one stream of one command is taken. */
export const outputLimit = 4 * 1024 * 1024;

export function excessError({ what, seconds }: Request, excess: 'time' | 'output'): ClawError {
  return excess === 'time'
    ? new ClawError('timeout', `${what} did not end within ${seconds} s`, { retryable: true })
    : new ClawError('fact-unreadable', `${what} printed more than ${outputLimit} bytes`);
}
