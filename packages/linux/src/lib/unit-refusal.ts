import { type Refused, refused } from '@claw-run/core';
import type { Unit } from '../facts/unit.ts';
import { nearest } from './nearest.ts';

/** Why a unit cannot be started or restarted at all; nothing where it can. */
export function unitRefusal(
  name: string,
  unit: Pick<Unit, 'masked'> | null,
  others: readonly string[],
): Refused | undefined {
  if (unit === null) {
    const near = nearest(name, others);
    return refused(
      `${name} is not installed`,
      near === undefined
        ? 'install it, or correct `unit`'
        : `did you mean ${near}? install it, or correct \`unit\``,
    );
  }
  return unit.masked
    ? refused(
        `${name} is masked: somebody has forbidden to start it`,
        `find out why; \`systemctl unmask ${name}\` allows it`,
      )
    : undefined;
}
