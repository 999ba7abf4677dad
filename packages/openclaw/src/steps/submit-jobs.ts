import {
  defineEvent,
  type Fact,
  type HostAction,
  isObject,
  type Occasion,
  type RunResult,
  runFact,
} from '@claw-run/core';
import * as z from 'zod';
import { clientTopic, clw, jsonOf, type Told } from '../facts/client.ts';
import * as inputs from '../scheduler/inputs.ts';

/** The name of every job that claw-run submits begins so. */
const prefix = 'claw-run-';

// Times are of /proc/uptime (hundredths of a second), which every shell can read. They
// are kept beside the client's own files until the run is over.
const script = `set -u
count=$1 name=$2 queue=$3 command=$4
umask 077; mkdir -p "$HOME/.claw"
file=$(mktemp) times="$HOME/.claw/$name.times"
trap 'rm -f "$file"' EXIT
printf 'job:\\n  name: %s\\n  command: "%s"\\n  queue: %s\\n  resources: { cpu: 1, mem: 64M }\\n' "$name" "$command" "$queue" > "$file"
: > "$times"
while [ "$count" -gt 0 ]; do
  read -r from rest < /proc/uptime
  clw submit "$file" > /dev/null || exit
  read -r to rest < /proc/uptime
  echo "$from $to" >> "$times"
  count=$((count - 1))
done`;

const allTimes = `for file in "$HOME"/.claw/${prefix}*.times; do
  if [ -e "$file" ]; then name=\${file##*/}; echo "\${name%.times}"; while read -r from to; do echo "\${name%.times} $from $to"; done < "$file"; fi
done`;

export const submitJobs = defineEvent({
  id: 'openclaw.submit-jobs',
  on: 'host',
  summary: 'Jobs that a user submits are taken in time, and completed',
  description:
    'Submits small jobs one after the other, as the user in a fresh session and with the environment of a login, each named after the run, and waits until all are COMPLETED. Fails where a job is refused or ' +
    'fails, or where the 95th percentile of the time that `clw submit` takes is above the limit. The job file is temporary; what has not ended when the run fails is cancelled.',
  risk: 'routine',
  settlesWithinSeconds: 120,
  input: z.strictObject({
    user: inputs.user,
    count: z.int().min(1).max(1000).default(10).describe('How many jobs'),
    'limit-ms': z.int().min(1).default(1000).describe('What the 95th percentile may be, in milliseconds'),
    queue: z
      .string()
      .regex(/^[A-Za-z0-9_.-]+$/)
      .default('default')
      .describe('Name of the queue'),
    command: z
      .string()
      .regex(/^[^"\\\n]+$/, 'must be a line without quotation marks and backslashes')
      .default('echo Hello OpenClaw')
      .describe('What each job runs'),
  }),
  examples: [{ title: 'Ten jobs of Alice', with: { user: 'alice' } }],
  facts: ({ user }) => ({ jobs: testJobs(user), times: submissionTimes(user) }),
  needed: ({ user, count }, seen, occasion) =>
    jobsOf(seen, occasion).filter(({ status }) => status === 'COMPLETED').length >= count
      ? undefined
      : `only jobs of ${user} that get done prove that ${user} may submit`,
  actions: (input, seen, occasion) => {
    const { user, count, queue, command } = input;
    const left = count - jobsOf(seen, occasion).length;
    if (left <= 0) return [];
    const argv = ['sh', '-c', script, 'sh', `${left}`, nameFor(occasion), queue, command] as const;
    return [{ do: 'run', argv, as: user, changes: [clientTopic(user)], timeoutSeconds: 30 + 5 * left }];
  },
  done: (input, seen, occasion) => {
    const { user, count } = input;
    if ('problem' in seen.jobs) return { progress: 'pending', because: seen.jobs.problem };
    const jobs = jobsOf(seen, occasion);
    const lost = jobs.find(({ status }) => status === 'FAILED' || status === 'CANCELLED');
    if (lost !== undefined)
      return { progress: 'failed', because: `job ${lost.id} of ${user} is ${lost.status}` };
    const completed = jobs.filter(({ status }) => status === 'COMPLETED').length;
    if (completed < count)
      return { progress: 'pending', because: `${completed} of ${count} jobs of ${user} are COMPLETED` };
    const times = (seen.times[nameFor(occasion)] ?? []).toSorted((a, b) => a - b);
    const [p50, p95] = [quantile(times, 0.5), quantile(times, 0.95)];
    const told = `${completed} jobs of ${user} COMPLETED; submitted in ${p50} ms (p50), ${p95} ms (p95)`;
    const evidence = { completed, p50, p95 };
    return p95 > input['limit-ms']
      ? { progress: 'failed', because: `${told}, where ${input['limit-ms']} ms are allowed`, evidence }
      : { progress: 'done', because: told, evidence };
  },
  undo: ({ user }, before, now) => {
    const known = idsOf(before.jobs);
    const running = jobsIn(now.jobs).filter(({ id, status }) => !known.includes(id) && isUnderWay(status));
    const files = Object.keys(now.times).filter((name) => before.times[name] === undefined);
    return [...running.map(({ id }) => cancelled(user, id)), ...files.map((name) => forgotten(user, name))];
  },
  tidy: ({ user }, seen, occasion) =>
    seen.times[nameFor(occasion)] === undefined ? [] : [forgotten(user, nameFor(occasion))],
});

type Job = { readonly id: string; readonly name: string; readonly status: string };
type Jobs = Told<{ readonly list: readonly Job[] }>;

/** Only while a run has jobs: the scheduler remembers them for long after. */
const runsJobs = `set -- "$HOME"/.claw/${prefix}*.times
if [ -e "$1" ]; then exec clw list --format json; else echo '{"jobs":[]}'; fi`;

function testJobs(user: string): Fact<'host', Jobs> {
  return runFact({
    key: `test jobs of ${user}`,
    argv: ['sh', '-c', runsJobs],
    as: user,
    about: [clientTopic(user)],
    timeoutSeconds: 30,
    parse: (result) => {
      const told = jsonOf(result);
      if ('problem' in told) return told;
      const list = (Array.isArray(told.json.jobs) ? told.json.jobs : [])
        .filter(isObject)
        .map(({ id, name, status }) => ({ id: `${id}`, name: `${name}`, status: `${status}` }));
      return { list: list.filter(({ name }) => name.startsWith(prefix)) };
    },
  });
}

/** Milliseconds that each `clw submit` took, by the name of the jobs. */
function submissionTimes(user: string): Fact<'host', { readonly [name: string]: readonly number[] }> {
  return runFact({
    key: `submission times of ${user}`,
    argv: ['sh', '-c', allTimes],
    as: user,
    about: [clientTopic(user)],
    parse: ({ stdout }: RunResult) => {
      const lines = stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split(' '));
      const byName = Map.groupBy(lines, ([name = '']) => name);
      return Object.fromEntries(
        [...byName].map(([name, each]) => [
          name,
          each.flatMap(([, from, to]) =>
            to === undefined ? [] : [Math.round((Number(to) - Number(from)) * 1000)],
          ),
        ]),
      );
    },
  });
}

function nameFor(occasion: Occasion): string {
  return `${prefix}${occasion.run}`.replaceAll(/[^A-Za-z0-9-]/g, '-').slice(0, 60);
}

function jobsIn(jobs: Jobs): readonly Job[] {
  return 'problem' in jobs ? [] : jobs.list;
}

function jobsOf(seen: { readonly jobs: Jobs }, occasion: Occasion): readonly Job[] {
  return jobsIn(seen.jobs).filter(({ name }) => name === nameFor(occasion));
}

function idsOf(jobs: Jobs): readonly string[] {
  return jobsIn(jobs).map(({ id }) => id);
}

function isUnderWay(status: string): boolean {
  return status === 'PENDING' || status === 'RUNNING';
}

function cancelled(user: string, id: string): HostAction {
  return { do: 'run', argv: clw('cancel', id), as: user, changes: [clientTopic(user)] };
}

function forgotten(user: string, name: string): HostAction {
  const argv = ['sh', '-c', 'rm -f "$HOME/.claw/$1.times"', 'sh', name] as const;
  return { do: 'run', argv, as: user, changes: [clientTopic(user)] };
}

/** The smallest of the sorted values that a part of them does not exceed. */
function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}
