import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';

/** A job as it is submitted. */
export interface JobSpec {
  readonly name: string;
  readonly command: string;
  /** CPUs; a slot of the queue each. */
  readonly cpu: number;
  readonly mem: string;
  readonly queue: string;
}

/** What is wrong with a job, and where in it. */
export interface JobFault {
  readonly path: readonly string[];
  /** It is about the key at the path, not about its value. */
  readonly stray?: boolean;
  readonly message: string;
}

export type JobResult = { readonly job: JobSpec } | { readonly fault: JobFault };

/** Checks the value of `job`. Keys that are not known are a fault: a wrong indent shows as one. */
export function readJob(value: unknown): JobResult {
  const fault = (path: readonly string[], message: string): JobResult => ({ fault: { path, message } });
  const unknown = (path: readonly string[], message: string): JobResult => ({
    fault: { path, stray: true, message },
  });
  if (!isRecord(value)) return fault(['job'], 'job is not a mapping with name and command');
  const stray = Object.keys(value).find((key) => !['name', 'command', 'resources', 'queue'].includes(key));
  if (stray !== undefined)
    return unknown(['job', stray], `job.${stray} is not known; there are name, command, resources, queue`);
  const { name, command, resources = {}, queue = 'default' } = value;
  if (typeof name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name))
    return fault(['job', 'name'], 'job.name is not a name of letters, digits, dots, dashes and underscores');
  if (typeof command !== 'string' || command.trim() === '' || command.includes('\0'))
    return fault(['job', 'command'], 'job.command is not a command line');
  if (typeof queue !== 'string' || queue === '') return fault(['job', 'queue'], 'job.queue is not a name');
  if (!isRecord(resources)) return fault(['job', 'resources'], 'job.resources is not a mapping');
  const odd = Object.keys(resources).find((key) => !['cpu', 'mem'].includes(key));
  if (odd !== undefined)
    return unknown(['job', 'resources', odd], `job.resources.${odd} is not known; there are cpu, mem`);
  const { cpu = 1, mem = '1G' } = resources;
  if (typeof cpu !== 'number' || !Number.isInteger(cpu) || cpu < 1)
    return fault(['job', 'resources', 'cpu'], 'job.resources.cpu is not a whole number above 0');
  if (typeof mem !== 'string' || !/^[1-9]\d{0,5}[KMGT]i?$/.test(mem))
    return fault(['job', 'resources', 'mem'], 'job.resources.mem is not a size such as 512M or 1G');
  return { job: { name, command, cpu, mem, queue } };
}

export type JobFileResult =
  | { readonly job: JobSpec }
  | { readonly line: number; readonly column: number; readonly message: string };

/** Reads a job file. A fault has the line and column (from 1) of what it is about. */
export function parseJobFile(text: string): JobFileResult {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const [error] = document.errors;
  if (error !== undefined) {
    const [message = ''] = error.message.split(/ at line|\n/, 1);
    return { ...at(error.pos[0]), message };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    return { ...at(0), message: cause instanceof Error ? cause.message : String(cause) };
  }
  if (!isRecord(value)) return { ...at(0), message: 'the file is not a mapping with job' };
  const stray = Object.keys(value).find((key) => key !== 'job');
  const result: JobResult =
    stray !== undefined
      ? {
          fault: { path: [stray], stray: true, message: `${stray} is not known beside job; is it indented?` },
        }
      : readJob(value.job);
  if ('job' in result) return result;
  const { path, stray: isKey = false, message } = result.fault;
  return { ...at(isKey ? keyOffset(document, path) : valueOffset(document, path)), message };
}

/** Where the key at a path begins. */
function keyOffset(document: Document, path: readonly string[]): number {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const pair = isMap(parent)
    ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1))
    : undefined;
  return isScalar(pair?.key) ? (pair.key.range?.[0] ?? 0) : 0;
}

/** Where the value at a path begins, or the nearest that is there and holds it. */
function valueOffset(document: Document, path: readonly string[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const start = isNode(node) ? node.range?.[0] : undefined;
    if (start !== undefined) return start;
  }
  return 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
