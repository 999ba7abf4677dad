import type { Fact } from '@claw-run/core';

/** A fact that is known without a read of its own: it bears the read of another one, which is made anyway. */
export function withoutRead<V>(like: Fact<'host', unknown>, key: string, value: V): Fact<'host', V> {
  return { on: 'host', key, read: like.read, parse: () => value };
}
