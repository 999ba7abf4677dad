import type { Secret } from './secret.ts';
import type { Connection } from './target.ts';

/** What a transport is told besides where the host is. `connectHost` of `@claw-run/transports/host` takes all of it as it is. */
export interface TransportSettings {
  /** How the host is called in messages: its address, or its name in the inventory. */
  readonly name: string;
  /** For sudo where it asks for one (`--sudo-password-from`). */
  readonly sudoPassword?: Secret | undefined;
  /** Where the lock file is kept on the host (`--lock-dir`). */
  readonly lockFolder?: string | undefined;
  /** How long a connection may go unused (`--idle-timeout`). */
  readonly idleSeconds?: number | undefined;
  /** How long connecting and logging in may take (`--connect-timeout`). */
  readonly connectSeconds?: number | undefined;
  /** The environment that claw-run was called with. Programs that are started should get `childEnv(env)` of it only. */
  readonly env: { readonly [name: string]: string | undefined };
  /** The working folder: paths that are not absolute begin here. */
  readonly cwd: string;
  /** The password of an account: the one of `--ssh-password-from`, else a person is asked; nothing where neither is there. Each account is asked for once. */
  readonly password: (account: string) => Promise<Secret | undefined>;
  /** Asks a person for something secret, one question at a time; nothing where nobody can be asked. */
  readonly ask: (question: string) => Promise<Secret | undefined>;
  /** Is told secrets that come from elsewhere, so that they are hidden in all that is printed and kept. */
  readonly onSecret: (secret: Secret) => void;
}

/** A way to hosts of one's own, by a URL scheme: `serial://rack4/7` as a `--target`, in an inventory or as a target's default. */
export interface Transport {
  readonly type: 'transport';
  /** The scheme without `://`: lower-case letters, digits, `+`, `-` and `.`; none that claw-run has itself. */
  readonly scheme: string;
  /** One sentence: what hosts it reaches. */
  readonly summary: string;
  /**
   * Makes the connection to one host; nothing has to be opened before its first read. Called at least once a run for each host, and again by `resume` and
   * `rollback`, from the address alone: it is kept in journals, and so must hold no secret. A URL with a password is refused before.
   * @throws ClawError `target-unbound` where the address names no host
   */
  readonly connect: (
    url: URL,
    settings: TransportSettings,
  ) => Connection<'host'> | Promise<Connection<'host'>>;
  /** What is unsafe about the way there: told once a run. */
  readonly warnings?: (url: URL) => readonly string[];
}

/** Defines a way to hosts. Exported by a module that is given with `--library`, or given as `transports`, it is found by its scheme. */
export function defineTransport(transport: Omit<Transport, 'type'>): Transport {
  return { ...transport, type: 'transport' };
}

/** Whether what a module exports is a transport: by its parts, for a library brings a copy of this package of its own. */
export function isTransport(value: unknown): value is Transport {
  if (typeof value !== 'object' || value === null) return false;
  const { type, scheme, connect } = value as { type?: unknown; scheme?: unknown; connect?: unknown };
  return type === 'transport' && typeof scheme === 'string' && typeof connect === 'function';
}
