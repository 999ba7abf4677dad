import type { Context, Job, Worker } from './context.ts';
import { createLoop } from './loop.ts';
import { controlledBy, type KubeObject, keyOf, resources } from './resources.ts';
import { parseWorkerConfig } from './settings.ts';
import { taskRoom } from './task-quota.ts';
import { timestamp } from './workloads.ts';

export interface JobController {
  /** Jobs or workers have changed. */
  poke(): void;
  /** A job is gone: so are its tasks. */
  forget(job: Job): void;
}

const WORK_MS = 200;
/** How soon a job that was given up is tried again. */
const AGAIN_MS = 1000;

export interface JobControllerOptions {
  /** True while the worker runs; a READY of a worker that is gone counts for nothing. */
  readonly isLive: (worker: Worker) => boolean;
  /** A line in the log of the pod (`namespace/name`) that takes a job. */
  readonly note: (pod: string, text: string, level?: 'INFO' | 'WARN') => void;
}

/** Gives PENDING jobs to READY workers of their namespace. */
export function createJobController(context: Context, options: JobControllerOptions): JobController {
  const loop = createLoop(
    async () => {
      for (const job of context.caches.jobs.all()) await reconcile(context, job, options);
      const states = context.caches.jobs.all().map(({ status }) => status?.state);
      if (states.includes('RUNNING')) loop.poke(WORK_MS);
      else if (states.includes('TIMEOUT')) loop.poke(AGAIN_MS);
    },
    context.signal,
    context.onError,
  );
  const collect = async (job: Job) => {
    const { items } = await context.client.list(resources.tasks, job.metadata.namespace);
    const own = items.filter(({ metadata }) =>
      metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid),
    );
    for (const task of own) await context.client.remove(resources.tasks, task);
  };
  return {
    poke: () => loop.poke(),
    forget: (job) => {
      collect(job).catch((error: unknown) => {
        if (!context.signal.aborted) context.onError(error);
      });
    },
  };
}

async function reconcile(context: Context, job: Job, options: JobControllerOptions): Promise<void> {
  const { isLive, note } = options;
  const { caches, client, now } = context;
  const setStatus = async (status: Job['status']) =>
    caches.jobs.put(await client.patch<Job>(resources.jobs, job, { status }, 'status'));
  switch (job.status?.state) {
    case 'COMPLETED':
      return;
    case 'RUNNING': {
      if (!(await isStarted(context, job))) return wait(context, job, options);
      await endTasks(context, job, note);
      await setStatus({ state: 'COMPLETED', completedAt: timestamp(now()) });
      return;
    }
    default: {
      const { namespace } = job.metadata;
      const workers = caches.workers
        .all()
        .filter(({ metadata, status }) => metadata.namespace === namespace && status?.state === 'READY')
        .filter(isLive);
      if (workers.length === 0) {
        if (job.status?.state !== 'PENDING') await setStatus({ state: 'PENDING' });
        return;
      }
      const wanted = job.spec?.replicas ?? 1;
      if ((await taskRoom(context, namespace ?? 'default')) < wanted) {
        if (job.status?.state !== 'TIMEOUT')
          await setStatus({ state: 'RUNNING', startedAt: timestamp(now()) });
        return;
      }
      for (let index = 0; index < wanted; index++) {
        const worker = workers[index % workers.length]!;
        await startTask(context, job, index, worker.metadata.name);
        note(
          keyOf(worker),
          `Running task ${taskName(job, index)}: ${job.spec?.task?.command?.join(' ') ?? ''}`,
        );
      }
      await setStatus({ state: 'RUNNING' });
    }
  }
}

/** A job whose namespace has no room for its tasks is taken, and goes no further. */
async function isStarted({ client }: Context, job: Job): Promise<boolean> {
  const { items } = await client.list<Task>(resources.tasks, job.metadata.namespace);
  return items.some(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid));
}

/** Waits for room until the workers' timeout has passed; the next look starts anew. */
async function wait(context: Context, job: Job, { isLive, note }: JobControllerOptions): Promise<void> {
  const { caches, client, now } = context;
  const { namespace } = job.metadata;
  const text = caches.configMaps.get(`${namespace}/worker-config`)?.data?.['worker-config.yaml'];
  const seconds = parseWorkerConfig(text)?.taskTimeoutSeconds ?? 300;
  const isLate = now().getTime() - Date.parse(job.status?.startedAt ?? '') >= seconds * 1000;
  const hasRoom = (await taskRoom(context, namespace ?? 'default')) >= (job.spec?.replicas ?? 1);
  if (!isLate && !hasRoom) return;
  const worker = caches.workers
    .all()
    .find((each) => each.metadata.namespace === namespace && each.status?.state === 'READY' && isLive(each));
  if (!hasRoom && worker !== undefined)
    note(keyOf(worker), `clw-task-timeout: Task ${taskName(job, 0)} exceeded ${seconds}s timeout`, 'WARN');
  const status = { state: hasRoom ? 'PENDING' : 'TIMEOUT' };
  caches.jobs.put(await client.patch<Job>(resources.jobs, job, { status }, 'status'));
}

interface Task extends KubeObject {
  readonly spec: { readonly job: string; readonly worker: string; readonly image?: string };
}

async function startTask({ client }: Context, job: Job, index: number, worker: string): Promise<void> {
  const { namespace, name } = job.metadata;
  const task = {
    metadata: {
      name: taskName(job, index),
      ...(namespace && { namespace }),
      ownerReferences: [controlledBy(resources.jobs, job)],
    },
    spec: { job: name, worker, ...job.spec?.task },
  };
  if ((await client.get(resources.tasks, namespace, task.metadata.name)) === undefined) {
    await client.create<Task>(resources.tasks, task);
  }
}

async function endTasks({ client, now }: Context, job: Job, note: (pod: string, text: string) => void) {
  const { namespace } = job.metadata;
  const { items } = await client.list<Task>(resources.tasks, namespace);
  for (const task of items.filter(({ spec }) => spec?.job === job.metadata.name)) {
    const status = { state: 'COMPLETED', completedAt: timestamp(now()) };
    await client.patch(resources.tasks, task, { status }, 'status');
    note(`${namespace}/${task.spec.worker}`, `Task ${task.metadata.name} completed`);
  }
}

function taskName({ metadata }: Job, index: number): string {
  return `${metadata.name}-${index}`;
}
