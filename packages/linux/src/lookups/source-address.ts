import { defineLookup, type RunResult, runFact } from '@claw-run/core';
import * as z from 'zod';
import { host } from '../lib/network.ts';

const script = `
to=
while read -r address kind rest; do
  case $kind in STREAM) to=$address; break;; esac
done <<E
$(getent ahosts "$1")
E
[ -n "$to" ] && exec ip -o route get "$to"
`;

export const sourceAddress = defineLookup({
  id: 'linux.source-address',
  on: 'host',
  summary: 'The address by which another host sees this one',
  description:
    'That of the route to the first address of its name (ip-route(8)); NAT on the way is not known of. Absent where the name is this host itself, or nobody’s.',
  input: z.strictObject({ host }),
  examples: [{ title: 'The head node sees a client', with: { host: 'claw-head-01' } }],
  facts: ({ host }) => ({
    source: runFact({
      key: `source address to ${host}`,
      argv: ['sh', '-c', script, 'source', host],
      about: ['file /etc/hosts'],
      parse: parseRoute,
    }),
  }),
  output: z.string(),
  value: (_input, { source }) => source ?? undefined,
});

/** Reads `ip -o route get`: `10.0.0.5 dev eth0 src 10.0.0.7 uid 0 …`; one to this host itself begins with `local`. */
function parseRoute({ exit, stdout }: RunResult): string | null {
  if (exit !== 0 || stdout.startsWith('local ')) return null;
  return / src ([0-9a-fA-F:.]+)/.exec(stdout)?.[1] ?? null;
}
