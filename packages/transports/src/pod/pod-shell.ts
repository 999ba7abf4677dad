import type { Argv } from '@claw-run/core';
import type { KubeConfig } from '@kubernetes/client-node';
import { defaultShell, type Shell } from '../host/shell.ts';
import { createExecChannel, type ExecChannel } from './exec-channel.ts';
import { explain, type Looking, named } from './explain.ts';
import { openExec } from './open-exec.ts';

export interface PodShellOptions extends Looking {
  readonly config: KubeConfig;
  readonly userAgent: string;
  readonly shell?: Argv | undefined;
  readonly keepAliveSeconds?: number | undefined;
}

/** How long the far end may take to say good-bye. */
const farewellMs = 700;

/** Starts shells in a container, each over a connection of its own: `exec` has one command a connection. */
export function createPodShell(options: PodShellOptions): Shell {
  const open = new Set<ExecChannel>();
  return {
    async open({ signal }) {
      const command = options.shell ?? defaultShell;
      const channel = createExecChannel(await openExec({ ...options, command }, signal), {
        name: named(options),
        keepAliveSeconds: options.keepAliveSeconds ?? 15,
        explain: (failure) => explain(options, failure),
      });
      open.add(channel);
      void channel.closed.then(() => open.delete(channel));
      return channel;
    },
    async close() {
      await Promise.all(
        [...open].map(async (channel) => {
          channel.leave();
          const force = setTimeout(channel.kill, farewellMs);
          await channel.closed;
          clearTimeout(force);
        }),
      );
    },
  };
}
