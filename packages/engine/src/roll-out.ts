import type { Target } from '@claw-run/core';

/**
 * Cuts hosts into batches: `3` is so many hosts, `10%` a share of all of them, rounded down, at least one. The last size holds for all that is left.
 * Without a roll-out all of them are one batch. Pure.
 */
export function batchesOf<T>(hosts: readonly T[], rollOut: Target['rollOut']): readonly (readonly T[])[] {
  const sizes = (rollOut?.batches ?? ['100%']).map((size) => sizeOf(size, hosts.length));
  const batches: (readonly T[])[] = [];
  for (let at = 0, index = 0; at < hosts.length; index += 1) {
    const size = sizes[Math.min(index, sizes.length - 1)] ?? hosts.length;
    batches.push(hosts.slice(at, at + size));
    at += size;
  }
  return batches;
}

function sizeOf(size: string, all: number): number {
  const number = Number.parseInt(size, 10);
  return Math.max(1, size.endsWith('%') ? Math.floor((all * number) / 100) : number);
}
