import type { JsonObject } from '@claw-run/core';
import { type RunStatus, runStatuses } from '@claw-run/engine';
import { adviceFor } from './advice.ts';
import type { GradedLibrary, GradedUnit } from './grade.ts';

/** A step, a transport or the module as a line of `--output json`. */
export function jsonOfUnit(unit: GradedUnit): JsonObject {
  const { kind, id, grade, passed, failures, untried, warnings, seconds } = unit;
  return {
    type: 'library.tried',
    kind,
    id,
    grade,
    passed,
    failures: failures.map(({ law, where, message, diff, hint }) => ({
      law,
      where,
      message,
      ...(diff === undefined ? {} : { diff }),
      advice: hint ?? adviceFor(law) ?? null,
    })),
    untried: untried.map(({ what, why }) => ({ what, why })),
    warnings: [...warnings],
    seconds,
  };
}

/** The last line: the grade of the whole. */
export function jsonOfLibrary(library: GradedLibrary, status: RunStatus): JsonObject {
  const { name, grade, startedAt, seconds, units, by } = library;
  const sum = (of: (unit: GradedUnit) => number) => units.reduce((all, unit) => all + of(unit), 0);
  return {
    type: 'library.graded',
    library: name,
    grade,
    status,
    exit: runStatuses[status].exit,
    startedAt,
    seconds,
    units: {
      passed: sum((unit) => Number(unit.grade === 'passed')),
      incomplete: sum((unit) => Number(unit.grade === 'incomplete')),
      failed: sum((unit) => Number(unit.grade === 'failed')),
    },
    tests: {
      passed: sum(({ passed }) => passed),
      failed: sum(({ failures }) => failures.length),
      untried: sum(({ untried }) => untried.length),
    },
    by: { ...by },
  };
}
