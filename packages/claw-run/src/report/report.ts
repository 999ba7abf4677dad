import type { Problem } from '@claw-run/core';
import type { Grant, RunEvent, SudoGrant } from '@claw-run/engine';

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
  readonly causes: readonly Of<'cause'>[];
  readonly steps: readonly ReportedStep[];
  readonly checks: readonly Of<'check'>[];
  readonly grants: readonly Grant[];
  readonly sudo: readonly SudoGrant[];
}

export interface ReportedStep {
  readonly planned: Of<'step.planned'>;
  /** What became of it. */
  readonly fate: 'done' | 'failed' | 'undone' | 'left' | 'not done' | 'settled' | 'skipped' | 'refused';
  readonly because: string;
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
  const planned = new Map(all('step.planned').map((event) => [event.id, event]));
  return {
    run: events[0]?.run ?? '',
    runbook: started?.runbook ?? '',
    title: started?.title ?? 'Undoing a run',
    targets: Object.entries(started?.targets ?? {})
      .map(([name, target]) => `${name} ${(target as { name: string }).name}`)
      .join(', '),
    startedAt,
    seconds: between(startedAt, ended?.at),
    status: ended?.status ?? 'unfinished',
    problems: ended?.problems ?? [],
    causes: all('cause'),
    steps: [...planned.values()].map((step) => reported(step, events)),
    checks: all('check'),
    grants: first('grants.missing')?.grants ?? [],
    sudo: first('grants.missing')?.sudo ?? [],
  };
}

function reported(planned: Of<'step.planned'>, events: readonly RunEvent[]): ReportedStep {
  const own = events.filter((event) => 'id' in event && event.id === planned.id);
  const started = own.find(({ type }) => type === 'step.started');
  const last = own.findLast(({ type }) =>
    ['step.verified', 'step.failed', 'step.skipped', 'step.reverted'].includes(type),
  );
  return { planned, ...fateOf(planned, last), seconds: between(started?.at, last?.at) };
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
        fate: last.outcome === 'reverted' || last.outcome === 'settled' ? 'undone' : 'left',
        because: last.because,
      };
    default:
      return { fate: fateOfPlan(planned), because: planned.because };
  }
}

function between(from: string | undefined, to: string | undefined): number {
  return from === undefined || to === undefined ? 0 : (Date.parse(to) - Date.parse(from)) / 1000;
}
