import { type ClusterObject, defineState, objectFact } from '@claw-run/core';
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type Bench, runbookOf, step } from './bench.ts';
import { configMap, configMapRef, setting } from './steps.ts';

/** A ConfigMap that is gone; one that was there is made again. */
const gone = defineState({
  id: 'test.gone',
  on: 'cluster',
  summary: 'A ConfigMap is gone',
  risk: 'routine',
  settlesWithinSeconds: 1,
  input: z.strictObject({ name: z.string() }),
  examples: [],
  facts: (input) => ({
    there: objectFact({ ref: configMapRef(input.name), parse: (object) => object !== null }),
  }),
  desire: () => ({ there: false }),
  actions: (from, to, input) =>
    to.there
      ? [{ do: 'create', object: configMap(input.name, {}) }]
      : from.there
        ? [{ do: 'delete', ref: configMapRef(input.name) }]
        : [],
});

const held = 'example.org/hold';
const signal = AbortSignal.timeout(600_000);

/** What a run makes of objects that are on their way out. */
export function describeLeaving(bench: () => Bench): void {
  describe('an object that a finalizer holds', () => {
    const put = async (name: string) => {
      const plain = configMap(name, { text: 'b' });
      const object: ClusterObject = { ...plain, metadata: { ...plain.metadata, finalizers: [held] } };
      await bench().connection.perform({ do: 'create', object }, { key: 'put', signal });
      names.push(name);
    };
    const names: string[] = [];
    afterEach(async () => {
      for (const name of names.splice(0)) {
        const ref = configMapRef(name);
        const patch = [{ op: 'remove', path: '/metadata/finalizers' }] as const;
        await bench().connection.perform({ do: 'patch', ref, patch }, { key: 'release', signal });
        await bench().remove(name);
      }
    });
    const told = /held by its finalizers example\.org\/hold/;

    it('is as wanted, yet being deleted: the plan is refused, and names the finalizer', async () => {
      await put('leaving');
      await bench().remove('leaving');
      for (const value of ['b', 'c']) {
        const runbook = runbookOf({ steps: [step('set', setting, { name: 'leaving', value })] });
        const { outcome } = await bench().go(runbook);
        expect(outcome.status).toBe('refused');
        expect(outcome.problems[0]?.message).toMatch(told);
      }
    });

    it('is deleted by a run: neither done nor rolled back, and both name the finalizer', async () => {
      await put('stays');
      const runbook = runbookOf({
        steps: [step('go', gone, { name: 'stays' })],
        onFailure: 'roll-back',
      });
      const { outcome } = await bench().go(runbook);
      expect(outcome.status).toBe('roll-back-incomplete');
      expect(outcome.problems).toHaveLength(2);
      for (const { message } of outcome.problems) expect(message).toMatch(told);
      const later = await bench().undo(runbook, outcome.run, { mode: 'plan' });
      expect(later.outcome.steps[0]?.plan).toMatchObject({
        plan: 'refused',
        because: expect.stringMatching(told),
      });
    });
  });
}
