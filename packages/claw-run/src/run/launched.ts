/** The signals that ask a run to stop. */
const stopping = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type Stopping = (typeof stopping)[number];

/**
 * Where a launcher started this process, it stops as for SIGTERM once the launcher is gone: nobody is left who could pass a signal on. What the launcher passes on
 * comes as a message, and is the signal itself where nobody listens.
 */
export function followLauncher(): void {
  const launched = process.env.CLAW_RUN_STARTED !== undefined;
  delete process.env.CLAW_RUN_STARTED;
  if (!launched) return;
  process.on('message', (name) => {
    for (const signal of stopping)
      if (name === signal && process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  });
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel?.unref();
}

/** Calls back for each signal that asks to stop. A signal to a whole group comes twice, by itself and from the launcher: it counts once. */
export function onStopping(stop: (signal: Stopping) => void): void {
  for (const signal of stopping) {
    const came = { itself: 0, passed: 0 };
    let told = 0;
    const count = (how: keyof typeof came) => {
      came[how] += 1;
      if (came[how] <= told) return;
      told += 1;
      stop(signal);
    };
    process.on(signal, () => count('itself'));
    process.on('message', (name) => {
      if (name === signal) count('passed');
    });
  }
}
