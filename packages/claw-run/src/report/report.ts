import type { Problem } from '@claw-run/core';
import { type Grant, noCounts, type RunEvent, type StepCounts, type SudoGrant } from '@claw-run/engine';

type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

/** A run as its reports tell it: a fold over its events. */
export interface Report {
  readonly run: string;
  readonly runbook: string;
  readonly title: string;
  readonly targets: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly status: string;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  readonly counts: StepCounts;
  readonly causes: readonly ReportedCause[];
  readonly steps: readonly ReportedStep[];
  readonly checks: readonly Of<'check'>[];
  readonly grants: readonly Grant[];
  readonly sudo: readonly SudoGrant[];
}

/** A cause as it was found, and as it was once the steps had acted. */
export interface ReportedCause {
  readonly title: string;
  readonly before: Pick<Of<'cause'>, 'finding' | 'evidence'>;
  readonly after?: Pick<Of<'cause'>, 'finding' | 'evidence'>;
}

export interface ReportedStep {
  readonly planned: Of<'step.planned'>;
  /** What became of it. */
  readonly fate: 'done' | 'failed' | 'rolled back' | 'left' | 'not done' | 'settled' | 'skipped' | 'refused';
  readonly because: string;
  /** Why it failed, whatever became of it then. */
  readonly problem?: Problem;
  readonly seconds: number;
}

/** Folds the events of a run. Pure. */
export function foldReport(events: readonly RunEvent[]): Report {
  const first = <T extends RunEvent['type']>(type: T) =>
    events.find((event): event is Of<T> => event.type === type);
  const all = <T extends RunEvent['type']>(type: T) =>
    events.filter((event): event is Of<T> => event.type === type);
  const started = first('run.started');
  const [ended] = all('run.ended').slice(-1);
  const startedAt = events[0]?.at ?? '';
  const planned = new Map(
    all('step.planned').flatMap((event) => (event.phase === undefined ? [[event.id, event] as const] : [])),
  );
  // of a run that is resumed or rolled back, what is told is what is left
  if (planned.size === 0) for (const event of all('step.planned')) planned.set(event.id, event);
  return {
    run: events[0]?.run ?? '',
    runbook: started?.runbook ?? '',
    title: started?.title ?? 'A run',
    targets: Object.entries(started?.targets ?? {})
      .map(([name, target]) => `${name} ${(target as { name: string }).name}`)
      .join(', '),
    startedAt,
    seconds: between(startedAt, ended?.at),
    status: ended?.status ?? 'unfinished',
    problems: ended?.problems ?? [],
    warnings: all('warning').map(({ message }) => message),
    counts: ended?.counts ?? noCounts,
    causes: causesOf(all('cause')),
    steps: [...planned.values()].map((step) => reported(step, events)),
    checks: all('check'),
    grants: first('grants.missing')?.grants ?? [],
    sudo: first('grants.missing')?.sudo ?? [],
  };
}

function causesOf(told: readonly Of<'cause'>[]): readonly ReportedCause[] {
  return [...Map.groupBy(told, ({ id }) => id).values()].flatMap((own): readonly ReportedCause[] => {
    const before = own.find(({ phase }) => phase === undefined) ?? own[0];
    const after = own.findLast(({ phase }) => phase !== undefined);
    if (before === undefined) return [];
    return [{ title: before.title, before, ...(after === undefined ? {} : { after }) }];
  });
}

function reported(planned: Of<'step.planned'>, events: readonly RunEvent[]): ReportedStep {
  const own = events.filter((event) => 'id' in event && event.id === planned.id);
  const started = own.find(({ type }) => type === 'step.started');
  const last = own.findLast(({ type }) =>
    ['step.verified', 'step.failed', 'step.skipped', 'step.reverted'].includes(type),
  );
  const failed = own.findLast(({ type }) => type === 'step.failed' || type === 'step.verified');
  return {
    planned,
    ...fateOf(planned, last),
    ...(failed?.type === 'step.failed' ? { problem: failed.problem } : {}),
    seconds: between(started?.at, last?.at),
  };
}

function fateOfPlan({ plan, skipped }: Of<'step.planned'>): ReportedStep['fate'] {
  if (plan === 'change') return 'not done';
  return skipped === true ? 'skipped' : plan;
}

function fateOf(
  planned: Of<'step.planned'>,
  last: RunEvent | undefined,
): Pick<ReportedStep, 'fate' | 'because'> {
  switch (last?.type) {
    case 'step.verified':
      return { fate: 'done', because: last.because };
    case 'step.failed':
      return { fate: 'failed', because: last.problem.message };
    case 'step.skipped':
      return { fate: 'skipped', because: last.because };
    case 'step.reverted':
      return {
        fate: last.outcome === 'reverted' || last.outcome === 'settled' ? 'rolled back' : 'left',
        because: last.because,
      };
    default:
      return { fate: fateOfPlan(planned), because: planned.because };
  }
}

function between(from: string | undefined, to: string | undefined): number {
  return from === undefined || to === undefined ? 0 : (Date.parse(to) - Date.parse(from)) / 1000;
}
