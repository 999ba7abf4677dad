import type { Changed } from '../facts/change-times.ts';
import type { Unit } from '../facts/unit.ts';

/** Why what runs is not what is configured, the newest change first; nothing where it is. */
export function staleness(unit: Unit, changes: readonly Changed[]): string | undefined {
  if (unit.needsDaemonReload)
    return `the unit file of ${unit.name} has changed and systemd has not read it again`;
  const [newest, ...more] = newerThan(unit, changes);
  if (newest === undefined) return undefined;
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  return `${newest.path}${others} changed ${seconds(newest.at - (unit.freshAt ?? 0))} after ${unit.name} had read it`;
}

/** What changed after a unit last took up its configuration, the newest first. */
export function newerThan(unit: Unit, changes: readonly Changed[]): readonly Changed[] {
  const { freshAt } = unit;
  if (freshAt === null) return [];
  return changes.filter(({ at }) => at > freshAt).toSorted((a, b) => b.at - a.at);
}

/** Milliseconds as a person would say them. */
function seconds(milliseconds: number): string {
  const whole = Math.round(milliseconds / 1000);
  if (whole < 1) return 'just';
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.round(whole / 60)} min`;
  return whole < 172_800 ? `${Math.round(whole / 3600)} h` : `${Math.round(whole / 86_400)} days`;
}
