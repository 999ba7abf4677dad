import { type Fact, runFact } from '@claw-run/core';
import { withoutRead } from '../lib/same-read.ts';
import type { Unit } from './unit.ts';

/** The last lines that a failed unit left in the journal; none of one that has not failed, and no read. */
export function lastWords(unit: Unit | null, like: Fact<'host', unknown>): Fact<'host', readonly string[]> {
  if (unit?.active !== 'failed') return withoutRead(like, 'no last words', []);
  return runFact({
    key: `last words of ${unit.name}`,
    argv: ['journalctl', '--quiet', '--no-pager', '--output=cat', '--lines=5', `--unit=${unit.name}`],
    sudo: true,
    about: [`service ${unit.name}`],
    parse: ({ exit, stdout }) => (exit === 0 ? stdout.split('\n').filter((line) => line !== '') : []),
  });
}
