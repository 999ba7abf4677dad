import type { Readable, Writable } from 'node:stream';
import type { Argv, ClawError } from '@claw-run/core';

/**
 * What a transport has to offer so that `connectHost` can make a host of it: a way to start a POSIX `sh` there. It knows nothing of facts, sudo,
 * locks or time-outs of commands.
 */
export interface Shell {
  /**
   * Starts one long-lived `sh` without a terminal, reading its script from standard input; the login shell of the user may be any shell, and may print what
   * it likes before. Connects first where there is no connection, or where it has been lost: `open` after a drop is the reconnecting. Called once for a
   * converged run, again after a drop, and beside an open channel to end a command that hangs.
   * @throws ClawError `unreachable` (retryable where trying again can help), `forbidden` (log-in or host key refused), `timeout` (connecting took too long)
   */
  readonly open: (options: { signal: AbortSignal }) => Promise<Channel>;
  /** Ends all channels and the connection that they share. Never throws. */
  readonly close: () => Promise<void>;
}

/** One running `sh`. */
export interface Channel {
  /** Binary, with back-pressure as of any stream. Its errors (EPIPE) may be swallowed: `closed` tells. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles once, when the shell has ended or the connection is gone, and never rejects. All output has been given before. */
  readonly closed: Promise<ChannelEnd>;
  /** Gives the channel up at once: what runs in it is no longer listened to, and `closed` settles soon. */
  readonly kill: () => void;
  /** Whether this process has to stay alive for it: `false` while nothing is awaited, so that a connection that was not closed does not keep a program. */
  readonly hold?: (busy: boolean) => void;
  /**
   * The other side holds small answers back until the one before is acknowledged, as sshd does without a terminal (Nagle): alone, the kernel delays
   * that acknowledgement by 40 ms, and with something that is sent it goes at once.
   */
  readonly holdsBack?: boolean;
}

/** `exited`: the shell itself ended, and the way to the host is as good as before. `dropped`: nobody knows what became of it. */
export type ChannelEnd =
  | { readonly end: 'exited'; readonly exit: number }
  | { readonly end: 'dropped'; readonly error: ClawError };

/** The program that a transport starts unless told otherwise. */
export const defaultShell: Argv = ['sh'];
