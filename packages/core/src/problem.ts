import { brandedClass } from './branded.ts';
import { isLocalFailure, systemReason } from './system-error.ts';

/** A place in a file: one-based line and column. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Every code that a problem or an error can bear; stable, so that programs may match on them. */
export const problemCodes = {
  'runbook-unreadable': 'The runbook file cannot be read, is too large or is not UTF-8',
  'runbook-syntax': 'The file is not YAML, or is YAML that cannot be a runbook',
  'runbook-invalid': 'A key, value, name or expression of the runbook is wrong',
  'param-invalid': 'A parameter is missing, unknown or has a wrong value',
  'target-unbound': 'A target of the runbook has no connection',
  'input-invalid': 'The inputs of a step do not fit its schema',
  'value-missing': 'An expression uses a value that is not there',
  'fact-unreadable': 'A fact could not be read from its target',
  forbidden: 'The target refuses what was asked, for lack of rights',
  unreachable: 'The target cannot be reached',
  'not-found': 'Something that must exist does not',
  conflict: 'Something was changed by someone else',
  refused: 'A step refuses to act, and says why',
  'action-failed': 'An action was tried and failed',
  'not-settled': 'What was planned was not observed in time',
  'check-failed': 'A verification does not hold',
  unresolved: 'A cause is unknown, or was found and is left to a person',
  'stale-plan': 'The target changed since the plan was made',
  locked: 'Another run holds the target',
  'lock-lost': 'The lock was lost while the run was under way',
  'journal-damaged': 'The journal of a run cannot be trusted',
  'journal-unwritable': 'The journal of a run cannot be written, so nothing more is done',
  'journal-lost':
    'The journal of a run was removed while it was under way, so it can be neither resumed nor rolled back later',
  untrusted: 'Others can change something that claw-run keeps or loads, so it is not used',
  'local-failure':
    'The machine that claw-run runs on refuses a file, or lacks open files, processes, memory or room',
  'run-unknown': 'There is no such run',
  cancelled: 'The user said no, or interrupted',
  timeout: 'It timed out',
  usage: 'The command line is wrong',
} as const;

export type ProblemCode = keyof typeof problemCodes;

/** What a user can mend: a value, never thrown on its own. */
export interface Problem {
  readonly code: ProblemCode;
  /** The thing and the finding, in one sentence. */
  readonly message: string;
  /** The next move. */
  readonly hint?: string;
  readonly position?: Position;
  /** The line of the file with a caret below, ready to print. */
  readonly excerpt?: string;
  /** What the command that failed printed: its first and its last lines, where it was more than one. */
  readonly output?: string;
}

/** What failed. `retryable` tells whether trying the same again can help. One of another copy of this package is one as well. */
export class ClawError extends Error {
  override readonly name = 'ClawError';
  readonly code: ProblemCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  /** All the problems, where there is more than the one of the message. */
  readonly problems: readonly Problem[];
  /** What the command that failed printed, where it was more than the message holds. */
  readonly output: string | undefined;
  /** Set where an action was refused as a whole: nothing of it took place. Otherwise what it did has to be looked for. */
  readonly notPerformed: boolean;

  constructor(
    code: ProblemCode,
    message: string,
    options: {
      hint?: string;
      cause?: unknown;
      retryable?: boolean;
      problems?: readonly Problem[];
      output?: string | undefined;
      notPerformed?: boolean;
    } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
    this.problems = options.problems ?? [];
    this.output = options.output;
    this.notPerformed = options.notPerformed ?? false;
  }

  static override [Symbol.hasInstance](value: unknown): value is ClawError {
    return isOne(value);
  }
}

const isOne = brandedClass('error', ClawError);

/** The problem that an error stands for; a bug stays an error and is thrown on. */
export function problemOf(given: unknown): Problem {
  const error = isLocalFailure(given) ? localFailure(given) : given;
  if (!(error instanceof ClawError)) throw error;
  const { code, message, hint, output } = error;
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(output === undefined ? {} : { output }),
  };
}

/** What a machine lacks or refuses comes up anywhere, in libraries of others too. */
function localFailure(cause: NodeJS.ErrnoException): ClawError {
  const { path, message } = cause;
  const reason = systemReason(cause);
  return new ClawError('local-failure', path === undefined ? reason : `${path} cannot be used: ${reason}`, {
    hint: `put that right on this machine, then go on: ${message}`,
    cause,
  });
}
