import {
  ClawError,
  type Connection,
  defineCheck,
  defineState,
  fail,
  fileFact,
  pass,
  type Runbook,
  type Step,
  unknown,
} from '@claw-run/core';
import { isGood, type RunStatus } from '@claw-run/engine';
import * as z from 'zod';

/** What befalls a host. */
export const fates = [
  'is fixed',
  'needs no change',
  'has an unknown cause',
  'is refused',
  'fails',
  'fails and stays',
  'is not verified',
  'is locked',
  'moves',
  'is gone',
  'is interrupted',
  'fails at once',
  'is the last before a stop',
] as const;
export type Fate = (typeof fates)[number];

/** A fleet of hosts that act one after the other. */
export interface Case {
  readonly fates: readonly Fate[];
  readonly policy: 'stop' | 'roll-back';
  readonly stopWhenFailed: number;
}

const examples: readonly [] = [];
const reads = (path: string) => fileFact({ path, parse: (file) => file?.content ?? null });
const says = defineCheck({
  id: 'test.says',
  on: 'host',
  summary: 'It is good',
  input: z.strictObject({ path: z.string() }),
  examples,
  facts: (input) => ({ said: reads(input.path) }),
  expect: (_input, { said }) =>
    said === null ? unknown('there is none') : said === 'good' ? pass('it is good') : fail(`it is ${said}`),
});
const put = defineState({
  id: 'test.put',
  on: 'host',
  summary: 'A file says something',
  risk: 'routine',
  settlesWithinSeconds: 1,
  input: z.strictObject({ path: z.string(), content: z.string() }),
  examples,
  facts: (input) => ({ content: reads(input.path) }),
  desire: (input) => ({ content: input.content }),
  actions: (from, to, { path }) => {
    if (from.content === to.content) return [];
    return to.content === null ? [{ do: 'remove', path }] : [{ do: 'write', path, content: to.content }];
  },
});

export function runbookFor({ policy, stopWhenFailed }: Case): Runbook {
  const part = (id: string, input: object, needs: readonly string[] = []) => ({
    id,
    name: id,
    on: 'host',
    with: () => input,
    needs,
  });
  const step = (id: string, path: string, content: string): Step => ({
    ...part(id, { path, content }, ['causes.it']),
    uses: put,
    if: ({ causes }) => causes.it?.found === true,
  });
  return {
    name: 'fleet',
    title: 'A fleet',
    fixes: [],
    symptoms: [],
    params: [],
    targets: [{ name: 'host', kind: 'host', many: true, rollOut: { batches: ['1'], stopWhenFailed } }],
    lookups: [],
    causes: [{ ...part('it', { path: '/it' }), uses: says, title: 'It is bad' }],
    steps: [step('beside', '/beside', 'new'), step('fix', '/it', 'good')],
    verify: [{ ...part('verified', { path: '/proof' }), uses: says, withinSeconds: 0.01 }],
    onFailure: policy,
    sources: {},
  };
}

/** A host in memory, and whether it is healed: nothing befalls it then. */
export function hostOf(fate: Fate, name: string, abort: () => void) {
  const files = new Map([['/proof', fate === 'is not verified' ? 'bad' : 'good']]);
  if (fate !== 'has an unknown cause') files.set('/it', fate === 'needs no change' ? 'good' : 'bad');
  let before = new Map(files);
  let writes = 0;
  let connects = 0;
  let healed = false;
  const connection: Connection<'host'> = {
    kind: 'host',
    name,
    async read(read) {
      const content = read.read === 'file' ? files.get(read.path) : undefined;
      return content === undefined ? null : { content, mode: 0o644, owner: 'root', group: 'root' };
    },
    async perform(action) {
      if (action.do === 'run') throw new Error('no commands here');
      if (!healed && fate === 'is interrupted') abort();
      const stays = fate === 'fails and stays' && action.do === 'remove';
      if (!healed && ((fate.startsWith('fails') && action.path === '/it') || stays))
        throw new ClawError('action-failed', 'no room', { notPerformed: true });
      if (!healed && fate === 'fails at once')
        throw new ClawError('action-failed', 'no room', { notPerformed: true });
      writes += 1;
      if (action.do === 'write') files.set(action.path, String(action.content));
      else files.delete(action.path);
      return {};
    },
    refused: async () => [],
    async lock() {
      if (!healed && fate === 'is locked') throw new ClawError('locked', 'run other holds the lock');
      return { lost: new AbortController().signal, release: async () => {} };
    },
    close: async () => {},
  };
  return {
    name,
    fate,
    /** How many of its files are not as they were: what is left in place. */
    get inPlace() {
      return ['/it', '/beside'].filter((path) => files.get(path) !== before.get(path)).length;
    },
    get isTouched() {
      return writes > 0;
    },
    heal() {
      healed = true;
      files.set('/proof', 'good');
    },
    move() {
      files.set('/it', 'worse');
      before = new Map(files);
    },
    connect: async () => {
      connects += 1;
      if (!healed && (fate === 'is refused' || (fate === 'is gone' && connects > 1)))
        throw new ClawError('unreachable', `${name} does not answer`);
      return { connection, binding: {} };
    },
  };
}
export type Host = ReturnType<typeof hostOf>;
export type End = RunStatus | 'not-begun';

/** How hosts end that act one after the other. */
export function actingEnds(
  hosts: readonly Host[],
  { policy, stopWhenFailed }: Case,
  alone: (host: Host) => End,
) {
  const rolledBack = policy === 'roll-back';
  let failed = 0;
  let isCut = false;
  return hosts.map((host): End => {
    const planned = alone(host);
    if (planned !== 'not-begun') return planned;
    if (isCut || failed >= stopWhenFailed) return 'not-begun';
    const end = {
      'is fixed': 'ok',
      'needs no change': 'ok',
      'has an unknown cause': 'unresolved',
      'is refused': 'refused',
      fails: rolledBack ? 'rolled-back' : 'failed',
      'fails and stays': rolledBack ? 'roll-back-incomplete' : 'failed',
      'is not verified': rolledBack ? 'rolled-back' : 'verification-failed',
      'is locked': 'locked',
      moves: 'stale-plan',
      'is gone': 'refused',
      'is interrupted': 'interrupted',
      'fails at once': rolledBack ? 'rolled-back' : 'failed',
      'is the last before a stop': 'ok',
    } as const satisfies { readonly [F in Fate]: RunStatus };
    isCut = host.fate === 'is interrupted' || host.fate === 'is the last before a stop';
    if (!isGood(end[host.fate])) failed += 1;
    return end[host.fate];
  });
}

/** How hosts end that have no turn. */
export const planEnd: { readonly [F in Fate]?: End } = {
  'needs no change': 'ok',
  'has an unknown cause': 'unresolved',
  'is refused': 'refused',
};
