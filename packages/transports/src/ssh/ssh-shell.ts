import { type Argv, ClawError } from '@claw-run/core';
import type { Channel, Shell } from '../host/shell.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { type Ask, askOnce } from './ask.ts';
import { startShell } from './channel.ts';
import { parseDestination } from './destination.ts';
import type { SettingsSource } from './settings.ts';
import { openWay, type Way } from './way.ts';

export interface SshShellOptions extends SettingsSource {
  /** `ssh://user@host:port`, `user@host` or an alias of ssh_config. */
  readonly destination: string;
  /** Who answers questions; nobody, unless given. */
  readonly ask?: Ask | undefined;
  /** The POSIX shell that is started there; `sh`. */
  readonly sh?: Argv | undefined;
}

/** Shells on a host over one connection of ssh2, opened when first used and again after it was lost. */
export function sshShell(options: SshShellOptions): Shell {
  const to = parseDestination(options.destination);
  const ask = askOnce(options.ask ?? {});
  const channels = new Set<Channel>();
  let way: Promise<Way> | undefined;
  let closing = new AbortController();
  let waiting = 0;
  let giveUp = new AbortController();
  const connected = () => {
    if (way !== undefined) return way;
    giveUp = new AbortController();
    const opening = openWay({ to, options, ask, signal: AbortSignal.any([giveUp.signal, closing.signal]) });
    const forget = () => {
      if (way === opening) way = undefined;
    };
    way = opening;
    opening.then(({ end }) => end.lost.then(forget), forget);
    return opening;
  };
  return {
    async open({ signal }) {
      signal.throwIfAborted();
      waiting += 1;
      try {
        const { end } = await unlessAborted(connected(), signal);
        const starting = startShell(end, options.sh);
        const channel = await unlessAborted(starting, signal).catch((error: unknown) => {
          starting.then((late) => late.kill()).catch(() => undefined);
          throw error;
        });
        channels.add(channel);
        void channel.closed.then(() => channels.delete(channel));
        return channel;
      } finally {
        waiting -= 1;
        // Who waits for the connection together gives it up together.
        if (waiting === 0 && signal.aborted) giveUp.abort(signal.reason);
      }
    },
    async close() {
      const standing = way;
      way = undefined;
      for (const channel of channels) channel.kill();
      closing.abort(new ClawError('cancelled', `the connection to ${options.destination} was closed`));
      closing = new AbortController();
      await standing?.then(
        ({ close }) => close(),
        () => undefined,
      );
    },
  };
}
