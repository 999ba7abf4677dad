const lookEveryMs = 500;

/** Where a launcher started this process, it stops as for SIGTERM once the launcher is gone: nobody is left who could pass a signal on. */
export function stopWithLauncher(): void {
  const launcher = Number(process.env.CLAW_RUN_STARTED);
  delete process.env.CLAW_RUN_STARTED;
  if (process.ppid !== launcher) return;
  const timer = setInterval(() => {
    if (process.ppid === launcher) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, lookEveryMs);
  timer.unref();
}
