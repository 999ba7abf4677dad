import type { Channel, ChannelEnd, Shell } from './shell.ts';

/** A channel, and how whoever uses it is told of its end. */
interface Use {
  channel?: Channel;
  readonly ended: (end: ChannelEnd) => void;
}

/**
 * The same shell, but its connection is closed once nothing has been awaited on it for so long; the next use opens another. What runs is never
 * interrupted: a channel that somebody waits for is in use, however silent it is.
 */
export function idleShell(shell: Shell, seconds: number): Shell {
  const busy = new Set<Use>();
  const unused = new Set<Use>();
  let timer: NodeJS.Timeout | undefined;
  let leaving: Promise<void> = Promise.resolve();
  const put = (use: Use, where: Set<Use> | undefined) => {
    for (const each of [busy, unused]) each.delete(use);
    where?.add(use);
    clearTimeout(timer);
    if (busy.size > 0 || unused.size === 0) return;
    timer = setTimeout(leave, seconds * 1000);
    timer.unref();
  };
  const leave = () => {
    const left = [...unused];
    unused.clear();
    // told before anything else is asked of the channels: what was never sent has not been lost
    for (const { ended } of left) ended({ end: 'exited', exit: 0 });
    leaving = shell.close().then(() => {
      for (const { channel } of left) channel?.kill();
    });
  };
  return {
    async open(options) {
      const { promise: closed, resolve: ended } = Promise.withResolvers<ChannelEnd>();
      const use: Use = { ended };
      put(use, busy);
      try {
        await leaving;
        use.channel = await shell.open(options);
      } catch (error) {
        put(use, undefined);
        throw error;
      }
      const { channel } = use;
      void channel.closed.then((end) => {
        put(use, undefined);
        ended(end);
      });
      return {
        ...channel,
        closed,
        hold(held) {
          channel.hold?.(held);
          if (busy.has(use) || unused.has(use)) put(use, held ? busy : unused);
        },
      };
    },
    async close() {
      clearTimeout(timer);
      await leaving;
      await shell.close();
    },
  };
}
