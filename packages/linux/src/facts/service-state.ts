import { type Fact, runFact } from '@claw-run/core';
import { stdoutOf } from '../lib/exit.ts';
import { properties } from '../lib/systemd.ts';
import { unitTopics } from '../lib/unit-topics.ts';

/** What of a unit can be wanted, and nothing that changes by itself. */
export type ServiceState = {
  readonly running: boolean;
  /** `enabled`, `disabled`, `static`, `alias`, … ; empty where it cannot be told. */
  readonly unitFile: string;
  readonly masked: boolean;
};

/** Whether a unit runs and starts at boot; `null` where systemd knows none of that name. */
export function serviceState(name: string): Fact<'host', ServiceState | null> {
  return runFact({
    key: `service ${name}`,
    argv: ['systemctl', 'show', '--property=LoadState,ActiveState,UnitFileState', '--', name],
    about: unitTopics(name),
    parse: (result) => {
      const of = properties(stdoutOf('systemctl', result));
      const one = (key: string) => of.get(key)?.[0] ?? '';
      if (one('LoadState') === 'not-found') return null;
      return {
        running: ['active', 'reloading'].includes(one('ActiveState')),
        unitFile: one('UnitFileState'),
        masked: one('LoadState') === 'masked',
      };
    },
  });
}
