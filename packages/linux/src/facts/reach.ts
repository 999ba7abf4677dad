import { type Fact, type RunResult, runFact } from '@claw-run/core';

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

/**
 * bash connects without a program of its own; nc does where there is no bash. A connection that the other side resets within a fifth of a
 * second was accepted by something in between.
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
for family; do
  address=
  while read -r one kind rest; do
    case $kind:$one in STREAM:::ffff:*) ;; STREAM:*) [ -n "$address" ] || address=$one;; esac
  done <<E
$(getent "ahosts\${family#ip}" "$host")
E
  [ -n "$address" ] || { echo "$family - 0"; continue; }
  said=$(try "$address") && code=0 || code=$?
  printf '%s %s %s %s\\n' "$family" "$address" "$code" "$(printf '%s' "$said" | tr '\\n' ' ')"
done
`;

export interface ReachInput {
  readonly host: string;
  readonly port: number;
  readonly families: readonly ('ipv4' | 'ipv6')[];
  readonly seconds: number;
}

/** Tries to connect from a host to a port, by each family of addresses. */
export function reach({
  host,
  port,
  families,
  seconds,
}: ReachInput): Fact<'host', readonly Attempt[] | null> {
  return runFact({
    key: `reach ${host}:${port}`,
    argv: ['sh', '-c', script, 'reach', host, String(port), String(seconds), ...families],
    timeoutSeconds: families.length * (seconds + 10),
    about: ['firewall'],
    parse: parseReach,
  });
}

/** `null` where there is nothing to try with. */
export function parseReach({ stdout }: RunResult): readonly Attempt[] | null {
  const attempts = stdout.split('\n').flatMap((line): (Attempt | null)[] => {
    const [, family, address = '', code, said = ''] = /^(ipv4|ipv6) (\S+) (\d+) ?(.*)$/.exec(line) ?? [];
    if (family !== 'ipv4' && family !== 'ipv6') return [];
    if (address === '-') return [{ family, address: null, outcome: 'no-address', said: '' }];
    if (code === '127') return [null];
    return [{ family, address, outcome: outcomeOf(Number(code), said), said: said.trim() }];
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
