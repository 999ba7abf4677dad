import { type Fact, type RunResult, runFact } from '@claw-run/core';
import { familyOf } from '../lib/network.ts';

/** What became of a try to connect. */
export type Outcome = 'open' | 'refused' | 'timed-out' | 'reset' | 'no-route' | 'denied' | 'other';

export type Attempt = {
  readonly family: 'ipv4' | 'ipv6';
  /** `null` where the name has no address of this family. */
  readonly address: string | null;
  readonly outcome: Outcome | 'no-address';
  /** What the system said. */
  readonly said: string;
};

/** What became of a try, after the address. */
export const told: { readonly [outcome in Attempt['outcome']]: string } = {
  open: 'answers',
  refused: 'refuses: nothing listens there, or a firewall says so',
  'timed-out': 'does not answer: a firewall on the way drops it, or the host is down',
  reset: 'accepts and resets at once: something in between has nobody to pass it to',
  'no-route': 'has no route from here, or a firewall says so',
  denied: 'may not be connected to: a policy of this host denies it, or, by IPv6, a firewall says so',
  other: 'cannot be connected to',
  'no-address': 'has no address',
};

/**
 * All addresses at once, told in their order. bash connects without a program of its own; nc does where there is no bash. A
 * connection that the other side resets within a fifth of a second was accepted by something in between.
 */
const script = `
host=$1 port=$2 seconds=$3; shift 3
try() {
  if command -v bash >/dev/null; then
    timeout "$seconds" bash -c 'exec 3<>"/dev/tcp/$0/$1" || exit 1; read -r -t 0.2 -n 1 -u 3; [ $? -ne 1 ] || echo closed' "$1" "$port" 2>&1
  elif command -v nc >/dev/null; then
    timeout "$seconds" nc -z -v -w "$seconds" "$1" "$port" 2>&1
  else
    echo 'neither bash nor nc is there'; return 127
  fi
}
n=0
{ for family; do
  some=
  while read -r address kind rest; do
    case $kind:$address in STREAM:::ffff:*) continue;; STREAM:*) ;; *) continue;; esac
    n=$((n + 1)) some=1
    {
      said=$(try "$address") && code=0 || code=$?
      printf '%s %s %s %s\\n' "$n" "$address" "$code" "$(printf '%s' "$said" | tr '\\n' ' ')"
    } &
  done <<E
$(getent "ahosts\${family#any}" "$host")
E
  if [ -z "$some" ]; then n=$((n + 1)); echo "$n - $family"; fi
done
wait; } | sort -n
`;

export interface ReachInput {
  readonly host: string;
  readonly port: number;
  /** `any`: in the order in which clients of the host take the addresses (getaddrinfo(3)). */
  readonly families: readonly ('ipv4' | 'ipv6')[] | readonly ['any'];
  readonly seconds: number;
}

/** Tries to connect from a host to a port, by every address that the name has there. `null` where there is nothing to try with. */
export function reach({
  host,
  port,
  families,
  seconds,
}: ReachInput): Fact<'host', readonly Attempt[] | null> {
  return runFact({
    key: `reach ${host}:${port} by ${families.join(' and ')}`,
    argv: [
      'sh',
      '-c',
      script,
      'reach',
      host,
      String(port),
      String(seconds),
      ...families.map((one) => one.replace('ip', '')),
    ],
    timeoutSeconds: 30 + seconds,
    about: ['firewall', 'file /etc/hosts'],
    parse: parseReach,
  });
}

export function parseReach({ stdout }: RunResult): readonly Attempt[] | null {
  const lines = stdout
    .split('\n')
    .map((line) => /^\d+ (\S+) (\S+) ?(.*)$/.exec(line))
    .filter((line) => line !== null);
  const attempts = lines.flatMap(([, address = '', code = '', said = '']): (Attempt | null)[] => {
    if (address === '-')
      return code === 'any'
        ? []
        : [{ family: code === 'v4' ? 'ipv4' : 'ipv6', address: null, outcome: 'no-address', said: '' }];
    if (code === '127') return [null];
    return [
      { family: familyOf(address), address, outcome: outcomeOf(Number(code), said), said: said.trim() },
    ];
  });
  return attempts.includes(null) ? null : attempts.filter((one) => one !== null);
}

function outcomeOf(code: number, said: string): Outcome {
  if (code === 124 || /timed out/i.test(said)) return 'timed-out';
  if (/reset by peer/i.test(said)) return 'reset';
  if (/refused/i.test(said)) return 'refused';
  if (/no route to host|network is unreachable|host is unreachable/i.test(said)) return 'no-route';
  if (/permission denied|not permitted/i.test(said)) return 'denied';
  return code === 0 ? 'open' : 'other';
}
