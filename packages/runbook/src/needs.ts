import type { Scope } from '@claw-run/core';

/**
 * The names that functions of a scope use, found by calling them with a scope that writes down what is read: once where
 * everything is true, once where everything is false, so that both sides of a condition are seen.
 */
export function needsOf(functions: readonly (((scope: Scope) => unknown) | undefined)[]): readonly string[] {
  const needs = new Set<string>();
  for (const call of functions) {
    for (const truth of [true, false]) {
      try {
        exhaust(call?.(recorder(needs, truth)));
      } catch {
        // The stand-ins are no real values; what was read until here is written down.
      }
    }
  }
  return [...needs];
}

const recorded = ['params', 'facts', 'causes', 'steps'];
const flags = ['found', 'excluded', 'unknown', 'changed', 'skipped', 'dryRun'];

function recorder(needs: Set<string>, truth: boolean): Scope {
  const root = (name: string) =>
    new Proxy(
      {},
      {
        get(_target, key) {
          if (typeof key === 'string' && recorded.includes(name)) needs.add(`${name}.${key}`);
          return standIn(truth);
        },
        has: () => true,
      },
    );
  return new Proxy({}, { get: (_target, key) => root(String(key)) }) as Scope;
}

/** Anything: text, number, list, map and function at once. */
function standIn(truth: boolean): unknown {
  return new Proxy(() => undefined, {
    get(_target, key) {
      if (key === Symbol.toPrimitive) return (hint: string) => (hint === 'number' ? Number(truth) : 'x');
      if (key === Symbol.iterator) return () => [].values();
      if (typeof key === 'symbol') return undefined;
      if (flags.includes(key)) return truth;
      if (key === 'length') return Number(truth);
      return standIn(truth);
    },
    apply(_target, _self, given: readonly unknown[]) {
      for (const call of given) if (typeof call === 'function') exhaust(call(standIn(truth), standIn(truth)));
      return truth ? standIn(truth) : undefined;
    },
  });
}

// A lazily made input reads the scope only when its own properties are read.
function exhaust(value: unknown): void {
  if (Array.isArray(value)) value.forEach(exhaust);
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(exhaust);
}
