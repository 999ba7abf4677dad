import type { AnyCheck, AnyEvent, AnyState, Runbook, Scope, Step, Use, Verification } from '@claw-run/core';

/** A runbook of the parts that matter to a test. */
export function runbookOf(parts: Partial<Runbook>): Runbook {
  return {
    name: 'test',
    title: 'A test',
    fixes: [],
    symptoms: [],
    params: [],
    targets: [{ name: 'cluster', kind: 'cluster', many: false }],
    lookups: [],
    causes: [],
    steps: [],
    verify: [],
    onFailure: 'stop',
    sources: {},
    ...parts,
  };
}

type Input = object | ((scope: Scope) => unknown);

/** One use; `more` may be what steps, causes or verifications have besides. */
export function use<D, M extends object = object>(
  id: string,
  uses: D,
  input: Input,
  more?: M,
): Use<D> & { title: string } & M {
  const evaluate = typeof input === 'function' ? (input as (scope: Scope) => unknown) : () => input;
  return { id, name: id, title: id, uses, on: 'cluster', with: evaluate, needs: [], ...(more as M) };
}

export function step(id: string, uses: AnyState | AnyEvent, input: Input, more: Partial<Step> = {}): Step {
  return use(id, uses, input, more);
}

export function proof(
  id: string,
  uses: AnyCheck | AnyEvent,
  input: Input,
  more: Partial<Verification> = {},
): Verification {
  return use(id, uses, input, more);
}
