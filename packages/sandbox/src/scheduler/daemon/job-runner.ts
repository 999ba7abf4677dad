import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fchownSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import type { JobSpec } from '../job-file.ts';
import { isUnderWay, type Job, type JobStatus, type JobStore } from './job-store.ts';
import type { Log } from './log.ts';
import type { Account } from './nss.ts';

export interface JobRunnerOptions {
  readonly store: JobStore;
  readonly log: Log;
  readonly now: () => Date;
  /** Run jobs as the daemon itself: it is not root, or pretends not to be. */
  readonly asOneself: boolean;
}

export interface JobRunner {
  /** Takes a job in and starts it. `account` undefined: it is run as the daemon itself. */
  submit(spec: JobSpec, user: string, account: Account | undefined): Job;
  /** Ends a job that is under way; undefined: there is none, or it has ended. */
  cancel(id: string): Job | undefined;
  /** Ends every job that is under way; they become FAILED. */
  close(): void;
}

// the job's own shell goes home first: it may be a home that only its user can enter
const START = 'cd "$HOME" 2>/dev/null || cd /; exec /bin/sh -c "$1"';

/** Runs jobs as their users, with the groups that the name service gives them now. */
export function createJobRunner({ store, log, now, asOneself }: JobRunnerOptions): JobRunner {
  const running = new Map<string, ChildProcess>();
  const change = (job: Job, status: JobStatus, exit: number | null = job.exit): Job => {
    const ended = isUnderWay({ ...job, status }) ? null : now().toISOString();
    const changed = { ...job, status, exit, endedAt: ended };
    store.put(changed);
    return changed;
  };
  const ended = (id: string, exit: number, why: string) => {
    running.delete(id);
    const job = store.get(id);
    if (job === undefined || !isUnderWay(job)) return;
    change(job, exit === 0 ? 'COMPLETED' : 'FAILED', exit);
    if (exit === 0) log.write('INFO', `Job ${id} completed successfully`);
    else log.write('ERROR', `Job ${id} failed: ${why}`);
  };
  const start = (job: Job, command: string, account: Account | undefined) => {
    if (!isUnderWay(job)) return;
    const output = openSync(store.outputOf(job.id), 'w', 0o600);
    try {
      if (account !== undefined && !asOneself) fchownSync(output, account.uid, account.gid);
      const [file = '', ...args] = [
        ...becoming(account, asOneself),
        '/bin/sh',
        '-c',
        START,
        job.name,
        command,
      ];
      const child = spawn(file, args, {
        cwd: '/',
        detached: true,
        stdio: ['ignore', output, output],
        env: environment(job, account, asOneself),
      });
      running.set(job.id, child);
      change(job, 'RUNNING');
      child.once('error', (error) => ended(job.id, 127, error.message));
      child.once('exit', (code, signal) => {
        const exit = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
        ended(job.id, exit, signal === null ? `exit code ${exit}` : `ended by ${signal}`);
      });
    } finally {
      closeSync(output);
    }
  };
  return {
    submit(spec, user, account) {
      const job: Job = {
        id: `${spec.name}-${store.nextNumber()}`,
        name: spec.name,
        status: 'PENDING',
        user,
        queue: spec.queue,
        cpu: spec.cpu,
        submittedAt: now().toISOString(),
        endedAt: null,
        exit: null,
      };
      store.put(job);
      log.write('INFO', `Job ${job.id} submitted by ${user}`);
      setImmediate(() => start(store.get(job.id) ?? job, spec.command, account));
      return job;
    },
    cancel(id) {
      const job = store.get(id);
      if (job === undefined || !isUnderWay(job)) return undefined;
      const changed = change(job, 'CANCELLED');
      endGroup(running.get(id));
      running.delete(id);
      return changed;
    },
    close() {
      for (const job of store.list().filter(isUnderWay)) {
        change(job, 'FAILED');
        log.write('ERROR', `Job ${job.id} failed: the scheduler was stopped`);
        endGroup(running.get(job.id));
      }
      running.clear();
    },
  };
}

/** Notes the jobs that were under way when a scheduler ended without a word as FAILED. */
export function failInterrupted(store: JobStore, log: Log, now: Date): void {
  for (const job of store.list().filter(isUnderWay)) {
    store.put({ ...job, status: 'FAILED', endedAt: now.toISOString() });
    log.write('ERROR', `Job ${job.id} failed: the scheduler ended while it was under way`);
  }
}

/** setpriv(1) reads the groups by initgroups(3); Node's own uid and gid would drop them. */
function becoming(account: Account | undefined, asOneself: boolean): readonly string[] {
  if (account === undefined || asOneself) return [];
  return ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--init-groups', '--'];
}

function environment(job: Job, account: Account | undefined, asOneself: boolean): NodeJS.ProcessEnv {
  const { PATH = '/usr/local/bin:/usr/bin:/bin', HOME = '/' } = process.env;
  const own = account === undefined || asOneself;
  return { PATH, HOME: own ? HOME : account.home, USER: job.user, LOGNAME: job.user, CLAW_JOB_ID: job.id };
}

/** The whole process group: a job's children end with it. */
function endGroup(child: ChildProcess | undefined): void {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it ended meanwhile
  }
}
