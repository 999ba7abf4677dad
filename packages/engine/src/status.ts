/** How a run ended, and the exit code of the process that ran it. */
export const runStatuses = {
  ok: { exit: 0, summary: 'Done: no cause is left, or what was asked for was found out' },
  failed: { exit: 1, summary: 'Failed' },
  usage: { exit: 2, summary: 'The command line or the runbook is wrong; nothing was touched' },
  refused: { exit: 3, summary: 'Refused before the first change; nothing was touched' },
  'verification-failed': { exit: 4, summary: 'Verification failed' },
  'rolled-back': { exit: 5, summary: 'Failed, and everything that was changed was rolled back' },
  'roll-back-incomplete': { exit: 6, summary: 'Not everything could be rolled back' },
  'stale-plan': { exit: 7, summary: 'The target changed since the plan was made; nothing was touched' },
  cancelled: { exit: 8, summary: 'The user said no; nothing was touched' },
  'timed-out': { exit: 9, summary: 'Timed out' },
  'changes-pending': { exit: 10, summary: 'There is something to change (only with --detailed-exitcode)' },
  locked: {
    exit: 11,
    summary: 'Another run holds a target, or another process this run; nothing was touched',
  },
  'waiting-for-approval': {
    exit: 12,
    summary: 'Approval needed, and no terminal to ask on; nothing was touched',
  },
  unresolved: {
    exit: 13,
    summary: 'Unresolved: a cause is unknown, or was found and is left to a person',
  },
  interrupted: { exit: 130, summary: 'Interrupted; stopped after the action in hand' },
  terminated: { exit: 143, summary: 'Terminated; stopped after the action in hand' },
} as const;

export type RunStatus = keyof typeof runStatuses;

/** From what nobody needs to look into to what somebody has to at once. */
const bySeverity: readonly RunStatus[] = [
  'ok',
  'changes-pending',
  'cancelled',
  'waiting-for-approval',
  'unresolved',
  'stale-plan',
  'locked',
  'usage',
  'refused',
  'rolled-back',
  'verification-failed',
  'timed-out',
  'failed',
  'roll-back-incomplete',
  'interrupted',
  'terminated',
];

/** The status of many runs together. */
export function worstOf(statuses: readonly RunStatus[]): RunStatus {
  return statuses.reduce<RunStatus>(
    (worst, status) => (bySeverity.indexOf(status) > bySeverity.indexOf(worst) ? status : worst),
    'ok',
  );
}

const untouched: ReadonlySet<RunStatus> = new Set([
  'usage',
  'refused',
  'stale-plan',
  'cancelled',
  'locked',
  'waiting-for-approval',
]);

/** Whether a status says that nothing was touched. */
export function isUntouched(status: RunStatus): boolean {
  return untouched.has(status);
}

/** Whether nothing failed. What is unresolved is left to a person, and was not broken by the run. */
export function isGood(status: RunStatus | 'not-begun' | 'unfinished'): boolean {
  return status === 'ok' || status === 'unresolved';
}
