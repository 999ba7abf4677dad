// A way to hosts of your own: containers of this machine, by `docker exec`. A transport says how a POSIX `sh` is started on the host; commands, files, sudo,
// time-outs and locks are done over that by `connectHost`.
//
//   claw-run runbooks/scheduler-denied.yaml --library examples/04-own-transport.ts --target head=container://head-01
//   claw-run runbooks/scheduler-denied.yaml --library examples/04-own-transport.ts --target head=container://head-01?engine=podman
import {
  type ChannelEnd,
  ClawError,
  childEnv,
  connectHost,
  defineTransport,
  type ProgramEnd,
  processChannel,
} from 'claw-run';

export const container = defineTransport({
  scheme: 'container',
  summary: 'A container of this machine, by `docker exec` or what takes the same words',
  connect(url, settings) {
    const { hostname: name } = url;
    const engine = url.searchParams.get('engine') ?? 'docker';
    if (!/^[a-z0-9][\w.-]*$/i.test(name))
      throw new ClawError('target-unbound', `${url.href} names no container`, { hint: 'container://NAME' });
    return connectHost({
      ...settings,
      shell: {
        async open({ signal }) {
          signal.throwIfAborted();
          return processChannel([engine, 'exec', '-i', name, 'sh'], childEnv(settings.env), (end) =>
            endOf(engine, name, end),
          );
        },
        close: () => Promise.resolve(),
      },
    });
  },
});

/** Whether the shell in the container has ended, or the way to it is gone. */
function endOf(engine: string, name: string, { exit, notStarted, stderr }: ProgramEnd): ChannelEnd {
  const lost = (why: string, hint: string, retryable = false): ChannelEnd => ({
    end: 'dropped',
    error: new ClawError('unreachable', `the container ${name} cannot be reached: ${why}`, {
      hint,
      retryable,
    }),
  });
  if (notStarted !== undefined) return lost(notStarted, `install ${engine}, or name another: ?engine=podman`);
  // a signal ended the client, not the shell
  if (exit === undefined) return lost(`${engine} was ended`, 'try again', true);
  const complaint = stderr.split('\n').find((line) => /^(Error|Cannot connect)/.test(line));
  if (exit !== 0 && complaint !== undefined) return lost(complaint, `${engine} ps lists those that run`);
  return { end: 'exited', exit };
}
