import { UsageError } from '../cli/usage-error.ts';

/** The kinds of faults, and where in a command each can happen. */
export const faultKinds = {
  kill: { places: ['record', 'change', 'moment'], summary: 'the process is killed (SIGKILL)' },
  interrupt: { places: ['record', 'moment'], summary: 'the process is interrupted (SIGINT)' },
  terminate: { places: ['record', 'moment'], summary: 'the process is terminated (SIGTERM)' },
  'hang-up': { places: ['record', 'moment'], summary: 'the terminal goes (SIGHUP)' },
  cut: { places: ['record', 'change', 'request'], summary: 'connections are cut' },
  'answer-lost': { places: ['change'], summary: 'a change takes place, and its answer is lost' },
  'answer-429': { places: ['request'], summary: 'the API server answers: too many requests' },
  'answer-500': { places: ['request'], summary: 'the API server answers: internal error' },
  'answer-503': { places: ['request'], summary: 'the API server answers: unavailable' },
  'answer-html': { places: ['request'], summary: 'a proxy answers with a page' },
  'answer-torn': { places: ['request'], summary: 'an answer breaks off half way' },
  'disk-full': { places: ['record'], summary: 'the disk of the journal is full' },
  'disk-fails': { places: ['record'], summary: 'the disk of the journal fails' },
  'disk-read-only': { places: ['record'], summary: 'the disk of the journal becomes read-only' },
  'disk-short': { places: ['record'], summary: 'a write to the journal is cut short, then the disk is full' },
  'output-full': { places: ['start'], summary: 'standard output and error are on a full disk' },
  'output-gone': { places: ['start'], summary: 'nobody reads standard output and error' },
  'second-run': { places: ['record'], summary: 'a second process runs the runbook' },
  'second-resume': { places: ['record'], summary: 'a second process resumes the run' },
  'second-rollback': { places: ['record'], summary: 'a second process rolls the run back' },
  'clock-ahead': { places: ['record'], summary: 'the clock jumps ahead by an hour' },
  'clock-back': { places: ['record'], summary: 'the clock jumps back by an hour' },
} as const satisfies { readonly [kind: string]: { places: readonly PlaceKind[]; summary: string } };

export type FaultKind = keyof typeof faultKinds;

/** A record of the journal, a change of the cluster, a request to it (each counted from 1 in one command), a moment in milliseconds, or the start. */
type PlaceKind = 'record' | 'change' | 'request' | 'moment' | 'start';

export interface Place {
  readonly of: PlaceKind;
  readonly at: number;
  /** Whether what is counted has taken place when the fault happens. */
  readonly after: boolean;
}

export interface Fault {
  readonly kind: FaultKind;
  readonly place: Place;
}

export type CommandName = 'run' | 'resume' | 'rollback';

export interface Step {
  readonly command: CommandName;
  readonly fault?: Fault;
}

/** What is tried: commands one after the other, of which the last has no fault. */
export interface Trial {
  readonly id: string;
  readonly steps: readonly Step[];
}

export function trialOf(steps: readonly Step[]): Trial {
  const id = steps.map(({ command, fault }) => `${command}${fault === undefined ? '' : `+${idOf(fault)}`}`);
  return { id: id.join('/'), steps };
}

function idOf({ kind, place: { of, at, after } }: Fault): string {
  if (of === 'start') return kind;
  if (of === 'moment') return `${kind}@${at}ms`;
  return `${kind}@${after ? 'after' : 'before'}-${of}-${at}`;
}

/** The trial that an id names. @throws UsageError */
export function parseTrial(id: string): Trial {
  return trialOf(id.split('/').map((part) => parseStep(part, id)));
}

function parseStep(text: string, id: string): Step {
  const [, command, kind, place] = /^(run|resume|rollback)(?:\+([a-z0-9-]+?)(?:@(.+))?)?$/.exec(text) ?? [];
  if (command === undefined) throw noTrial(id);
  if (kind === undefined) return { command: command as CommandName };
  if (!Object.hasOwn(faultKinds, kind)) throw noTrial(id);
  const fault = { kind: kind as FaultKind, place: parsePlace(place, id) };
  const { places }: { places: readonly PlaceKind[] } = faultKinds[fault.kind];
  if (!places.includes(fault.place.of)) throw noTrial(id);
  return { command: command as CommandName, fault };
}

function parsePlace(text: string | undefined, id: string): Place {
  if (text === undefined) return { of: 'start', at: 0, after: false };
  const [, ms] = /^(\d+)ms$/.exec(text) ?? [];
  if (ms !== undefined) return { of: 'moment', at: Number(ms), after: false };
  const [, when, of, at] = /^(before|after)-(record|change|request)-(\d+)$/.exec(text) ?? [];
  if (of === undefined) throw noTrial(id);
  return { of: of as PlaceKind, at: Number(at), after: when === 'after' };
}

function noTrial(id: string): UsageError {
  return new UsageError(
    `${JSON.stringify(id)} is no trial`,
    'as run+kill@after-record-7/resume; --list prints all',
  );
}

/** What a trial does, for people. */
export function describeTrial({ steps }: Trial): string {
  return steps
    .map(({ command, fault }) => (fault === undefined ? command : `${command} (${describeFault(fault)})`))
    .join(', then ');
}

function describeFault({ kind, place: { of, at, after } }: Fault): string {
  const { summary } = faultKinds[kind];
  if (of === 'start') return summary;
  if (of === 'moment') return `${summary} after ${(at / 1000).toFixed(2)} s`;
  const counted = of === 'record' ? 'record' : `${of} of the cluster`;
  return `${summary} ${after ? 'after' : 'before'} ${counted} ${at}`;
}
