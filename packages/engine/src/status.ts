/** How a run ended, and the exit code of the process that ran it. */
export const runStatuses = {
  ok: { exit: 0, summary: 'Everything is as it should be' },
  failed: { exit: 1, summary: 'Failed; what was changed is left in place' },
  usage: { exit: 2, summary: 'The command line or the runbook is wrong; nothing was touched' },
  refused: { exit: 3, summary: 'Refused before the first change; nothing was touched' },
  'verification-failed': { exit: 4, summary: 'What should hold does not; changes are left in place' },
  'rolled-back': { exit: 5, summary: 'Failed, and everything that was changed was undone' },
  'roll-back-incomplete': { exit: 6, summary: 'Failed, and not everything could be undone' },
  'stale-plan': { exit: 7, summary: 'The world has moved since the plan was made; nothing was touched' },
  cancelled: { exit: 8, summary: 'The user said no; nothing was touched' },
  'timed-out': { exit: 9, summary: 'The time allowed has passed' },
  'changes-pending': { exit: 10, summary: 'There is something to change (only with --detailed-exitcode)' },
  locked: { exit: 11, summary: 'Another run holds a target; nothing was touched' },
  'waiting-for-approval': {
    exit: 12,
    summary: 'There is something to change, and nobody to agree to it; nothing was touched',
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
