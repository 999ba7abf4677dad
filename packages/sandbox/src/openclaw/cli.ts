import { parseArgs } from 'node:util';
import { createClient, isAbsent, type KubeClient, KubeError } from './client.ts';
import type { Job, Worker } from './context.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { resources } from './resources.ts';

export interface CliStreams {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

const USAGE = `Usage:
  openclaw worker list [-n NAMESPACE | -A] [--format table|json]
  openclaw job list [-n NAMESPACE | -A] [--status STATE] [--format table|json]
  openclaw job get NAME [-n NAMESPACE] [--format table|json]
`;

const FLAGS = {
  namespace: { type: 'string', short: 'n' },
  'all-namespaces': { type: 'boolean', short: 'A' },
  format: { type: 'string' },
  status: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

class UsageError extends Error {}

interface Invocation {
  readonly command: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly everywhere: boolean;
  readonly json: boolean;
  readonly status?: string;
}

/**
 * OpenClaw's command line. Finds the cluster by `OPENCLAW_KUBECONFIG`. Resolves with the exit code: 0, 1 when the
 * cluster cannot answer (one line on stderr), 2 for a usage error.
 */
export async function openclawCli(
  argv: readonly string[],
  { env, stdout, stderr }: CliStreams,
): Promise<number> {
  let client: KubeClient | undefined;
  try {
    const invocation = parseInvocation(argv);
    if (invocation === 'help') {
      stdout.write(USAGE);
      return 0;
    }
    client = await connect(env.OPENCLAW_KUBECONFIG);
    stdout.write(await run(client, invocation));
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      stderr.write(`openclaw: ${error.message}\n${USAGE}`);
      return 2;
    }
    stderr.write(`${explain(error)}\n`);
    return 1;
  } finally {
    client?.close();
  }
}

function parseInvocation(argv: readonly string[]): Invocation | 'help' {
  const { values, positionals } = parse(argv);
  if (values.help === true || argv.length === 0) return 'help';
  const [noun, verb, ...names] = positionals;
  const command = `${noun ?? ''} ${verb ?? ''}`.trim();
  if (!['worker list', 'job list', 'job get'].includes(command))
    throw new UsageError(`unknown command '${command}'`);
  const wanted = command === 'job get' ? 1 : 0;
  if (names.length !== wanted) {
    throw new UsageError(
      wanted === 1 ? `'job get' takes the name of one job` : `'${command}' takes no names`,
    );
  }
  const format = values.format ?? 'table';
  if (format !== 'table' && format !== 'json')
    throw new UsageError(`unknown format '${format}': table or json`);
  if (values.status !== undefined && command !== 'job list')
    throw new UsageError('--status goes with job list');
  const everywhere = values['all-namespaces'] === true;
  if (everywhere && command === 'job get') throw new UsageError('--all-namespaces goes with lists');
  return {
    command,
    everywhere,
    json: format === 'json',
    ...(names[0] !== undefined && { name: names[0] }),
    ...(values.namespace !== undefined && { namespace: values.namespace }),
    ...(values.status !== undefined && { status: values.status }),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function connect(path: string | undefined): Promise<KubeClient> {
  if (path === undefined || path === '') throw new Error('clw-no-cluster: OPENCLAW_KUBECONFIG is not set');
  try {
    return createClient(await readKubeconfig(path));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`clw-no-cluster: OPENCLAW_KUBECONFIG cannot be read: ${message}`, { cause: error });
  }
}

async function run(client: KubeClient, invocation: Invocation): Promise<string> {
  const namespace = invocation.namespace ?? client.access.namespace;
  const scope = invocation.everywhere ? undefined : namespace;
  switch (invocation.command) {
    case 'worker list': {
      const { items } = await client.list<Worker>(resources.workers, scope);
      const workers = items.map(workerRow);
      if (invocation.json) return toJson({ workers });
      if (workers.length === 0) return nothing('workers', scope);
      return table(
        ['WORKER ID', 'STATUS', 'NAMESPACE', 'LAST SEEN'],
        workers.map((worker) => [worker.id, worker.status, worker.namespace, worker.lastSeen]),
      );
    }
    case 'job list': {
      const { items } = await client.list<Job>(resources.jobs, scope);
      const state = invocation.status?.toUpperCase();
      const jobs = items.map(jobRow).filter(({ status }) => state === undefined || status === state);
      if (invocation.json) return toJson({ jobs });
      return jobs.length === 0 ? nothing('jobs', scope) : jobTable(jobs);
    }
    default: {
      const job = await client.get<Job>(resources.jobs, namespace, invocation.name ?? '');
      if (job === undefined)
        throw new Error(`clw-job-notfound: job '${invocation.name}' not found in '${namespace}'`);
      return invocation.json ? toJson(jobRow(job)) : jobTable([jobRow(job)]);
    }
  }
}

function workerRow({ metadata, spec, status }: Worker) {
  return {
    id: spec.identity,
    status: status?.state ?? 'PENDING',
    namespace: metadata.namespace ?? '',
    lastSeen: status?.lastSeen ?? '',
    pod: spec.pod,
    reason: status?.reason ?? '',
  };
}

function jobRow({ metadata, status }: Job) {
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? '',
    status: status?.state ?? 'PENDING',
    completedAt: status?.completedAt ?? '',
  };
}

function jobTable(jobs: readonly ReturnType<typeof jobRow>[]): string {
  return table(
    ['NAME', 'STATUS', 'NAMESPACE', 'COMPLETED AT'],
    jobs.map((job) => [job.name, job.status, job.namespace, job.completedAt]),
  );
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function nothing(what: string, scope: string | undefined): string {
  return scope === undefined ? `No ${what} found.\n` : `No ${what} found in namespace '${scope}'.\n`;
}

function explain(error: unknown): string {
  if (isAbsent(error)) return 'clw-not-installed: this cluster has no OpenClaw (openclaw.io is not served)';
  if (!(error instanceof KubeError)) return error instanceof Error ? error.message : String(error);
  switch (error.code) {
    case 0:
      return `clw-cluster-unreachable: ${error.message}`;
    case 401:
      return `clw-auth-invalid: ${error.message}`;
    case 403:
      return `clw-forbidden: ${error.message}`;
    default:
      return `clw-api-error: ${error.message}`;
  }
}
