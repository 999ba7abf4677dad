import { type Fact, type RunResult, runFact } from '@claw-run/core';

/** The addresses that a host has itself, loopback included, sorted; `null` where there is no ip(8). */
export function addresses(): Fact<'host', readonly string[] | null> {
  return runFact({ key: 'addresses', argv: ['ip', '-o', 'addr', 'show'], parse: parseAddresses });
}

/** Reads `ip -o addr show`: `2: eth0 inet 10.0.0.5/24 scope global eth0 …`. */
export function parseAddresses({ exit, stdout }: RunResult): readonly string[] | null {
  if (exit !== 0) return null;
  return [...stdout.matchAll(/^\d+: \S+\s+inet6? ([0-9a-fA-F:.]+)/gm)].map(([, one = '']) => one).sort();
}
