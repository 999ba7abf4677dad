import { type Argv, type Fact, type Json, type RunResult, runFact } from '@claw-run/core';

/** What the `openclaw` CLI answered, or why there is no answer to go by. */
export type Answer<T> =
  | { readonly ok: true; readonly items: readonly T[] }
  | { readonly ok: false; readonly because: string };

export type Worker = {
  readonly id: string;
  readonly status: string;
  readonly pod: string | null;
  readonly reason: string | null;
};

export type Job = {
  readonly name: string;
  readonly status: string;
};

/** The workers of a namespace. When they were last seen is left out: it changes with each look. */
export function workers(namespace: string): Fact<'host', Answer<Worker>> {
  return list(
    ['openclaw', 'worker', 'list', '--namespace', namespace, '--format', 'json'],
    'workers',
    (item) => ({
      id: text(item, 'id') ?? '?',
      status: text(item, 'status') ?? '?',
      pod: text(item, 'pod') ?? null,
      reason: text(item, 'reason') ?? null,
    }),
  );
}

/** The completed jobs of a namespace. */
export function completedJobs(namespace: string): Fact<'host', Answer<Job>> {
  const argv: Argv = [
    'openclaw',
    'job',
    'list',
    '--namespace',
    namespace,
    '--status',
    'completed',
    '--format',
    'json',
  ];
  return list(argv, 'jobs', (item) => ({
    name: text(item, 'name') ?? '?',
    status: text(item, 'status') ?? '?',
  }));
}

function list<T>(argv: Argv, key: string, parseItem: (item: Json) => T): Fact<'host', Answer<T>> {
  return runFact({
    key: argv.slice(0, 5).join(' '),
    argv,
    timeoutSeconds: 30,
    parse: (result) => answer(result, key, parseItem),
  });
}

function answer<T>(
  { exit, stdout, stderr }: RunResult,
  key: string,
  parseItem: (item: Json) => T,
): Answer<T> {
  const said = firstLine(stderr) || firstLine(stdout);
  if (exit === 127)
    return { ok: false, because: 'the openclaw CLI is not there; install it, or choose a host that has it' };
  if (said.includes('clw-cluster-unreachable'))
    return { ok: false, because: `the openclaw CLI cannot reach its cluster: ${said}` };
  if (exit !== 0)
    return { ok: false, because: `the openclaw CLI ended with ${exit}: ${said || 'it said nothing'}` };
  const items = itemsOf(stdout, key);
  return items === undefined
    ? {
        ok: false,
        because: `the openclaw CLI gave no JSON with "${key}" but: ${firstLine(stdout) || 'nothing'}`,
      }
    : { ok: true, items: items.map(parseItem) };
}

function itemsOf(text: string, key: string): readonly Json[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const items: unknown =
      typeof value === 'object' && value !== null
        ? Object.entries(value).find(([name]) => name === key)?.[1]
        : undefined;
    return Array.isArray(items) ? items : undefined;
  } catch {
    return undefined;
  }
}

function text(item: Json, key: string): string | undefined {
  const value: unknown =
    typeof item === 'object' && item !== null
      ? Object.entries(item).find(([name]) => name === key)?.[1]
      : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function firstLine(output: string): string {
  return output.trim().split('\n')[0] ?? '';
}
