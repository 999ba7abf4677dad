import * as z from 'zod';

/** A moment in UTC, such as the start of a run. */
export const since = z.iso
  .datetime({ offset: true })
  .describe('From when on, in RFC 3339, such as 2025-01-15T10:45:00Z; `run.startedAt` in a runbook');

/** Seconds since the epoch, as audit records bear them. */
export function seconds(text: string): number {
  return Date.parse(text) / 1000;
}
