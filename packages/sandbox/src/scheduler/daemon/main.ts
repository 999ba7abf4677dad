import { parseArgs } from 'node:util';
import { openLog } from './log.ts';
import { startProxy } from './proxy.ts';
import { readConfig, type Scheduler, StartError, startScheduler } from './schedulerd.ts';

const VERSION = '1.4.2';
const USAGE = `Usage: claw-schedulerd [--config FILE] [--log FILE] [--spool DIR] [--as-oneself] [--until-gone PID]
       claw-schedulerd --check [--config FILE]
       claw-schedulerd proxy --listen PORT [--ca FILE] [--until-gone PID]
`;

const FLAGS = {
  config: { type: 'string', default: '/etc/claw-scheduler/config.yaml' },
  log: { type: 'string', default: '/var/log/claw-scheduler.log' },
  spool: { type: 'string', default: '/var/spool/claw-scheduler' },
  check: { type: 'boolean', default: false },
  'as-oneself': { type: 'boolean', default: false },
  'until-gone': { type: 'string' },
  listen: { type: 'string' },
  ca: { type: 'string' },
} as const;

/**
 * The daemon. Runs until SIGTERM or SIGINT; SIGHUP opens the log again and forgets what is kept of the name service.
 * Resolves with the exit code: 0, 1 when it cannot start, 2 for a usage error.
 */
export async function schedulerdMain(argv: readonly string[]): Promise<number> {
  let values: ReturnType<typeof parse>['values'];
  let positionals: readonly string[];
  try {
    ({ values, positionals } = parse(argv));
  } catch (error) {
    process.stderr.write(`claw-schedulerd: ${error instanceof Error ? error.message : error}\n${USAGE}`);
    return 2;
  }
  const ended = values.check ? Promise.resolve('') : untilEnd(values['until-gone']);
  if (positionals[0] === 'proxy' && positionals.length === 1 && values.listen !== undefined) {
    const close = await startProxy(Number(values.listen), values.ca);
    process.stdout.write(`Listening on 127.0.0.1:${values.listen}\n`);
    await ended;
    await close();
    return 0;
  }
  if (positionals.length > 0) {
    process.stderr.write(USAGE);
    return 2;
  }
  return values.check ? checkConfig(values.config) : serve(values, ended);
}

/** Says whether a start would take the configuration, without starting. */
function checkConfig(path: string): number {
  try {
    readConfig(path);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    process.stderr.write(`claw-schedulerd: ${error.message}\n`);
    return 1;
  }
  process.stdout.write(`${path}: valid\n`);
  return 0;
}

async function serve(
  { config, log: logPath, spool, 'as-oneself': asOneself }: ReturnType<typeof parse>['values'],
  ended: Promise<string>,
): Promise<number> {
  const now = () => new Date();
  let scheduler: Scheduler | undefined;
  try {
    const log = openLog(logPath, now);
    try {
      const alone = asOneself || process.getuid?.() !== 0;
      scheduler = await startScheduler({ config, spool, log, now, version: VERSION, asOneself: alone });
    } catch (error) {
      if (error instanceof StartError) log.write('ERROR', error.message);
      throw error;
    }
    const running = scheduler;
    log.write('INFO', `Started (process ${process.pid})`);
    process.on('SIGHUP', () => {
      log.reopen();
      running.flush();
      log.write('INFO', 'Reloaded: the log was opened again, the group cache is empty');
    });
    log.write('INFO', `Stopping: ${await ended}`);
    await running.close();
    log.close();
    return 0;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = error instanceof StartError ? message : `cannot write ${logPath}: ${code ?? message}`;
    process.stderr.write(`claw-schedulerd: ${why}\n`);
    return 1;
  }
}

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: FLAGS, allowPositionals: true });
}

/** Resolves with the reason to end: a signal, or that the process it belongs to is gone. */
function untilEnd(owner: string | undefined): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
    if (owner === undefined) return;
    setInterval(() => {
      if (!isThere(Number(owner))) resolve(`process ${owner} is gone`);
    }, 500).unref();
  });
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
