import { type Fact, runFact } from '@claw-run/core';
import { withoutRead } from '../lib/same-read.ts';

/** The names of the units that are installed, asked only where the one that was named is not. */
export function nearUnits(missing: boolean, like: Fact<'host', unknown>): Fact<'host', readonly string[]> {
  if (!missing) return withoutRead(like, 'no other units', []);
  return runFact({
    key: 'installed units',
    argv: ['systemctl', 'list-unit-files', '--no-legend', '--no-pager', '--type=service,socket,timer'],
    parse: ({ stdout }) => stdout.split('\n').flatMap((line) => line.split(/\s+/)[0] || []),
  });
}
