import type { FaultKind, Place } from './fault.ts';

/** The variable that tells a process which fault it is to meet. */
export const faultVariable = 'CLAW_RUN_CHAOS_FAULT';

/** The file descriptor by which it says that it met it. */
export const metDescriptor = 3;

/** What is told by that variable, as JSON. */
export interface FaultInProcess {
  readonly kind: FaultKind;
  readonly place: Place;
}

/** The signals that faults are. */
export const signals: { readonly [kind: string]: NodeJS.Signals } = {
  kill: 'SIGKILL',
  interrupt: 'SIGINT',
  terminate: 'SIGTERM',
  'hang-up': 'SIGHUP',
};
