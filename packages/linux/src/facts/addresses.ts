import { type Fact, type RunResult, runFact } from '@claw-run/core';

/** The addresses that a host has itself, loopback included, sorted; `null` where there is no ip(8). */
export function addresses(): Fact<'host', readonly string[] | null> {
  // briefly, since what is left of lifetimes is another each time
  return runFact({ key: 'addresses', argv: ['ip', '-br', 'addr', 'show'], parse: parseAddresses });
}

/** Reads `ip -br addr show`: `eth0@if5 UP 10.0.0.5/24 metric 100 2001:db8::5/64`, `tun0 UNKNOWN 10.8.0.1 peer 10.8.0.2/32`. */
export function parseAddresses({ exit, stdout }: RunResult): readonly string[] | null {
  if (exit !== 0) return null;
  return stdout
    .split('\n')
    .flatMap((line) =>
      line
        .replaceAll(/ (peer|metric) \S+/g, '')
        .trim()
        .split(/\s+/)
        .slice(2),
    )
    .map((one) => one.replace(/\/\d+$/, ''))
    .sort();
}
