import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type JobStatus = 'PENDING' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';

/** A job as it is kept and shown. */
export interface Job {
  readonly id: string;
  readonly name: string;
  readonly status: JobStatus;
  readonly user: string;
  readonly queue: string;
  readonly cpu: number;
  readonly submittedAt: string;
  readonly endedAt: string | null;
  /** The exit code; 128 and the signal's number where one ended it; null: not ended, or never started. */
  readonly exit: number | null;
}

/** Jobs, each in a file of its own in the spool. */
export interface JobStore {
  /** A number that no job has had yet. */
  nextNumber(): number;
  get(id: string): Job | undefined;
  /** In the order of submission. */
  list(): readonly Job[];
  put(job: Job): void;
  /** Where the output of a job goes. */
  outputOf(id: string): string;
}

const MOST_ENDED = 1000;

/** Whether a job has not ended. */
export function isUnderWay({ status }: Job): boolean {
  return status === 'PENDING' || status === 'RUNNING';
}

/** Opens the spool; what cannot be read there as a job is told to `onDamaged` and left as it is. */
export function openJobStore(spool: string, onDamaged: (file: string) => void): JobStore {
  mkdirSync(spool, { recursive: true });
  // users come to the outputs of their own jobs, whatever the umask
  chmodSync(spool, 0o711);
  const jobs = new Map<string, Job>();
  let last = 0;
  for (const job of readJobs(spool, onDamaged)) {
    jobs.set(job.id, job);
    last = Math.max(last, numberOf(job));
  }
  const fileOf = (id: string) => join(spool, `${id}.json`);
  const outputOf = (id: string) => join(spool, `${id}.out`);
  const forgetOld = () => {
    const ended = [...jobs.values()].filter((job) => !isUnderWay(job));
    for (const { id } of ended.slice(0, Math.max(0, ended.length - MOST_ENDED))) {
      jobs.delete(id);
      rmSync(fileOf(id), { force: true });
      rmSync(outputOf(id), { force: true });
    }
  };
  return {
    nextNumber: () => {
      last += 1;
      return last;
    },
    get: (id) => jobs.get(id),
    list: () => [...jobs.values()],
    put(job) {
      jobs.set(job.id, job);
      const beside = `${fileOf(job.id)}.new`;
      writeFileSync(beside, `${JSON.stringify(job)}\n`, { mode: 0o600 });
      renameSync(beside, fileOf(job.id));
      if (!isUnderWay(job)) forgetOld();
    },
    outputOf,
  };
}

function readJobs(spool: string, onDamaged: (file: string) => void): readonly Job[] {
  const files = readdirSync(spool).filter((name) => name.endsWith('.json'));
  const jobs = files.flatMap((name) => {
    try {
      const job = JSON.parse(readFileSync(join(spool, name), 'utf8')) as Partial<Job>;
      if (`${job.id}.json` === name && typeof job.status === 'string' && typeof job.user === 'string')
        return [job as Job];
    } catch {
      // told below
    }
    onDamaged(join(spool, name));
    return [];
  });
  return jobs.sort((a, b) => numberOf(a) - numberOf(b));
}

function numberOf({ id }: Job): number {
  return Number(id.slice(id.lastIndexOf('-') + 1)) || 0;
}
