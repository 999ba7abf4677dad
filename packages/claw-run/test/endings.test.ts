import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AnyCheck,
  type Cause,
  ClawError,
  type Connection,
  createRedactor,
  defineCheck,
  defineEvent,
  defineState,
  fail,
  fileFact,
  pass,
  type Runbook,
  type Step,
  unknown,
  type Verification,
} from '@claw-run/core';
import {
  createJournalStore,
  type RunEvent,
  type RunStatus,
  run,
  runStatuses,
  unattended,
} from '@claw-run/engine';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Context } from '../src/context.ts';
import { createHumanRenderer } from '../src/render/human.ts';

const axes = {
  mode: ['apply', 'plan', 'diagnose'],
  cause: ['none', 'ruled out', 'found', 'left', 'unknown'],
  step: ['not needed', 'fixes', 'beside', 'breaks', 'fails', 'irreversible, then fails', 'skipped'],
  verification: ['none', 'holds', 'fails'],
  policy: ['stop', 'roll-back'],
  cut: ['never', 'interrupted while diagnosing', 'timed out while diagnosing', 'interrupted while acting'],
} as const;

type Cell = { readonly [A in keyof typeof axes]: (typeof axes)[A][number] };

const cells = Object.entries(axes).reduce<readonly Partial<Cell>[]>(
  (all, [axis, values]) => all.flatMap((cell) => values.map((value) => ({ ...cell, [axis]: value }))),
  [{}],
) as readonly Cell[];

const reads = (path: string) => fileFact({ path, parse: (file) => file?.content ?? null });
const examples: readonly [] = [];

/** A file says `good`, or `bad`, or is not there, and then nobody knows. */
const says = defineCheck({
  id: 'test.says',
  on: 'host',
  summary: 'It is good',
  input: z.strictObject({ path: z.string() }),
  examples,
  facts: (input) => ({ said: reads(input.path) }),
  expect: (_input, { said }) =>
    said === null
      ? unknown('there is no such file')
      : said === 'good'
        ? pass('it is good')
        : fail(`it is ${said}`),
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

const gone = defineEvent({
  id: 'test.gone',
  on: 'host',
  summary: 'Something is gone for good',
  risk: 'destructive',
  settlesWithinSeconds: 1,
  input: z.strictObject({}),
  examples,
  facts: () => ({ trace: reads('/trace') }),
  needed: (_input, { trace }) => (trace === null ? 'it is there' : undefined),
  actions: () => [{ do: 'write', path: '/trace', content: 'gone' }],
  done: () => ({ progress: 'done', because: 'it is gone' }),
  undo: { irreversible: 'what is gone is gone' },
});

type Part = Pick<Step, 'id' | 'name' | 'on' | 'with' | 'needs'>;
const part = (id: string, input: object, needs: readonly string[] = []): Part => ({
  id,
  name: id,
  on: 'host',
  with: () => input,
  needs,
});
const cause = (id: string, uses: AnyCheck, path: string): Cause => ({
  ...part(id, { path }),
  uses,
  title: id,
});
const ifFound = { if: ({ causes }: Parameters<NonNullable<Step['if']>>[0]) => causes.it?.found === true };
const forIt = ['causes.it'];

function stepsOf(kind: Cell['step'], left: boolean): readonly Step[] {
  const when = left ? { if: () => false } : ifFound;
  const put1 = (path: string, content: string): Step => ({
    ...part('act', { path, content }, left ? ['causes.other'] : forIt),
    uses: put,
    ...when,
  });
  switch (kind) {
    case 'not needed':
      return [{ ...put1('/it', 'good'), if: () => false }];
    case 'fixes':
    case 'skipped':
      return [put1('/it', 'good')];
    case 'beside':
      return [put1('/beside', 'new')];
    case 'breaks':
      return [put1('/it', 'good'), { ...put1('/other', 'bad'), id: 'break' }];
    case 'fails':
      return [put1('/beside', 'new'), { ...put1('/no', 'new'), id: 'fail' }];
    case 'irreversible, then fails':
      return [
        { ...part('gone', {}, left ? ['causes.other'] : forIt), uses: gone, ...when },
        { ...put1('/no', 'new'), id: 'fail' },
      ];
  }
}

function runbookFor({ cause: kind, step, verification, policy }: Cell): Runbook {
  const verify: Verification[] =
    verification === 'none'
      ? []
      : [
          {
            ...part('verified', { path: verification === 'holds' ? '/holds' : '/fails' }),
            uses: says,
            withinSeconds: 0.01,
          },
        ];
  return {
    name: 'endings',
    title: 'Endings',
    fixes: [],
    symptoms: [],
    params: [],
    targets: [{ name: 'host', kind: 'host', many: false }],
    lookups: [],
    causes: kind === 'none' ? [] : [cause('it', says, '/it'), cause('other', says, '/other')],
    steps: stepsOf(step, kind === 'left' || kind === 'none'),
    verify,
    onFailure: policy,
    sources: {},
  };
}

const start: { readonly [C in Cell['cause']]: string | undefined } = {
  none: 'good',
  'ruled out': 'good',
  found: 'bad',
  left: 'bad',
  unknown: undefined,
};

/** A host in memory; `/no` cannot be written. */
function hostOf({ cause: kind, cut }: Cell, abort: (reason: unknown) => void) {
  const files = new Map<string, string>([
    ['/other', 'good'],
    ['/holds', 'good'],
    ['/fails', 'bad'],
  ]);
  const it = start[kind];
  if (it !== undefined) files.set('/it', it);
  const before = new Map(files);
  const connection: Connection<'host'> = {
    kind: 'host',
    name: 'fake-01',
    async read(read) {
      if (cut === 'interrupted while diagnosing') abort('because');
      if (cut === 'timed out while diagnosing') abort(new ClawError('timeout', 'the run timed out'));
      const content = read.read === 'file' ? files.get(read.path) : undefined;
      return content === undefined ? null : { content, mode: 0o644, owner: 'root', group: 'root' };
    },
    async perform(action) {
      if (cut === 'interrupted while acting') abort({ any: 'reason' });
      if (action.do === 'run') throw new Error('no commands here');
      if (action.path === '/no') throw new ClawError('action-failed', 'cannot write /no: no room');
      if (action.do === 'write') files.set(action.path, String(action.content));
      else files.delete(action.path);
      return {};
    },
    refused: async () => [],
    lock: async () => ({ lost: new AbortController().signal, release: async () => {} }),
    close: async () => {},
  };
  const isAsBefore = () =>
    files.size === before.size && [...files].every(([path, text]) => before.get(path) === text);
  return { connection, isAsBefore };
}

/** What must come of a cell, by its rules and not by the code. */
function statusFor(cell: Cell): RunStatus {
  const { mode, cause: kind, step, verification, policy, cut } = cell;
  const reading = kind !== 'none' || (mode !== 'diagnose' && verification !== 'none');
  const cutEarly = cut === 'interrupted while diagnosing' || cut === 'timed out while diagnosing';
  const stopped = cut === 'timed out while diagnosing' ? 'timed-out' : 'interrupted';
  // without causes and steps, a plan looks at nothing
  const looks = mode === 'apply' ? reading : kind !== 'none';
  if (cutEarly && looks) return stopped;
  const acts = kind === 'found' && step !== 'not needed';
  if (kind === 'unknown' || kind === 'left') {
    if (mode === 'apply' && verification === 'fails') return 'verification-failed';
    return 'unresolved';
  }
  if (kind === 'none' || kind === 'ruled out')
    return mode === 'apply' && verification === 'fails' ? 'verification-failed' : 'ok';
  if (mode === 'diagnose') return 'ok';
  if (!acts) return mode === 'apply' && verification === 'fails' ? 'verification-failed' : 'unresolved';
  if (mode === 'plan') return 'ok';
  if (step === 'skipped') return verification === 'fails' ? 'verification-failed' : 'unresolved';
  if (cut === 'interrupted while acting') return 'interrupted';
  const failed = (then: RunStatus, complete: boolean): RunStatus =>
    policy === 'stop' ? then : complete ? 'rolled-back' : 'roll-back-incomplete';
  switch (step) {
    case 'fixes':
      return verification === 'fails' ? failed('verification-failed', true) : 'ok';
    case 'beside':
    case 'breaks':
      return failed('verification-failed', true);
    case 'fails':
      return failed('failed', true);
    case 'irreversible, then fails':
      return failed('failed', false);
    default:
      throw new Error(`no rule for ${step}`);
  }
}

const firstLines: { readonly [S in RunStatus]?: { readonly [M in Cell['mode']]?: RegExp } } = {
  ok: {
    apply:
      /^✓ (Fixed and verified in .+: 1 changed|No change needed(: (all 2 causes are|the cause is) ruled out)?$)/,
    plan: /^✓ (\d changes? planned|No change planned)(; .*causes.*)?; nothing was touched$/,
    diagnose:
      /^✓ (1 of 2 causes found|all 2 causes are ruled out|There is no cause to look for); nothing was touched$/,
  },
  unresolved: {
    apply: /^! Unresolved: (1 of 2 causes (found|unknown))(; 1 skipped)?; nothing was changed$/,
    plan: /^! No change planned; 1 of 2 causes (found|unknown); nothing was touched$/,
    diagnose: /^! 1 of 2 causes (found|unknown); nothing was touched$/,
  },
  failed: { apply: /^✗ Failed: .*\b1 failed\b/ },
  'verification-failed': { apply: /^✗ Verification failed: / },
  'rolled-back': { apply: /^✗ Failed, and everything that was changed was rolled back: \d rolled back/ },
  'roll-back-incomplete': { apply: /^✗ Not everything could be rolled back: .*\b1 cannot be rolled back/ },
  'timed-out': {
    apply: /^✗ Timed out: nothing was changed$/,
    plan: /^✗ Timed out: nothing was changed$/,
    diagnose: /^✗ Timed out: nothing was changed$/,
  },
  interrupted: {
    apply: /^✗ Interrupted; stopped after the action in hand: /,
    plan: /^✗ Interrupted; .*: nothing was changed$/,
    diagnose: /^✗ Interrupted; .*: nothing was changed$/,
  },
};

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-run-endings-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function go(cell: Cell) {
  const controller = new AbortController();
  const { connection, isAsBefore } = hostOf(cell, (reason) => controller.abort(reason));
  const lines: string[] = [];
  const io: Context['io'] = {
    out: (text) => lines.push(...text.split('\n')),
    err: () => {},
    json: () => {},
    hideVariable: () => {},
    color: { out: false, err: false },
    width: 400,
    canAsk: false,
    outIsTerminal: false,
    live: false,
    redactor: createRedactor(),
    env: {},
    cwd: folder,
    readStdin: () => Promise.resolve(Buffer.alloc(0)),
  };
  const renderer = createHumanRenderer({ io, options: {}, typed: {}, operands: [] }, { mode: cell.mode });
  const events: RunEvent[] = [];
  const outcome = await run({
    runbook: runbookFor(cell),
    connections: { host: connection },
    journals: createJournalStore(folder),
    who: 'tester@bench',
    mode: cell.mode,
    signal: controller.signal,
    causesWithinSeconds: 0,
    decisions: {
      ...unattended,
      confirmStep: () => Promise.resolve(cell.step === 'skipped' ? 'skip' : 'yes'),
    },
    emit: (event) => {
      events.push(event);
      renderer.event(event);
    },
  });
  const first = lines.find((line) => /^[✓!✗] /.test(line)) ?? '';
  return { outcome, events, first, text: lines.join('\n'), isAsBefore };
}

describe.each(axes.mode)('the end of a run (%s)', (mode) => {
  describe.each(axes.cause)('whose cause is %s', (kind) => {
    const own = cells.filter((cell) => cell.mode === mode && cell.cause === kind);
    test.each(axes.cut)('and that is cut off: %s', async (cut) => {
      for (const cell of own.filter((each) => each.cut === cut)) {
        const name = Object.values(cell).join(' | ');
        const { outcome, events, first, text, isAsBefore } = await go(cell);
        const status = statusFor(cell);
        expect({ status: outcome.status, exit: outcome.exit }, name).toEqual({
          status,
          exit: runStatuses[status].exit,
        });
        expect(first, name).toMatch(firstLines[status]?.[mode] ?? /^$/);
        if (/nothing was (changed|touched)/.test(first)) expect(isAsBefore(), name).toBe(true);
        if (status === 'rolled-back') expect(isAsBefore(), name).toBe(true);
        if (outcome.counts.changed + outcome.counts.left === 0)
          expect(text, name).not.toContain('roll back: ');
        const last = events.at(-1);
        expect(last, name).toMatchObject({ type: 'run.ended', status, counts: outcome.counts });
      }
    });
  });
});

test('after a fix both findings of each cause stand side by side', async () => {
  const { outcome, text } = await go({
    mode: 'apply',
    cause: 'found',
    step: 'breaks',
    verification: 'holds',
    policy: 'stop',
    cut: 'never',
  });
  expect(outcome.causes).toMatchObject([
    { id: 'it', finding: 'found', after: { finding: 'excluded', because: 'it is good' } },
    { id: 'other', finding: 'excluded', after: { finding: 'found', because: 'it is bad' } },
  ]);
  expect(text).toContain('FOUND → ruled out  it');
  expect(text).toContain('ruled out → FOUND  other');
  expect(outcome.problems).toEqual([
    { code: 'check-failed', message: 'other: found now, and was not before: it is bad' },
  ]);
});
