import fc from 'fast-check';
import { expect, it } from 'vitest';
import { runbookOf, step, useBench } from './support/bench.ts';
import { setting } from './support/steps.ts';

const bench = useBench();

const runbook = runbookOf({ steps: [step('one', setting, { name: 'ordered', value: '1' })] });

it('runs are listed in the order in which they began, whatever the clock says meanwhile', async () => {
  const year2026 = Date.UTC(2026, 0, 1);
  const clock = fc.oneof(fc.constant(0), fc.integer({ min: -2_000, max: 2_000 }), fc.constant(-86_400_000));
  const begun: string[] = [];
  await fc.assert(
    fc.asyncProperty(fc.array(clock, { minLength: 2, maxLength: 5 }), async (offsets) => {
      for (const offset of offsets) {
        const now = new Date(year2026 + begun.length + offset);
        const { outcome } = await bench().go(runbook, { now: () => now });
        await bench().remove('ordered');
        begun.push(outcome.run);
        expect(outcome.run).toMatch(/^r\d{8}t\d{6}-[0-9a-f]{6}$/);
      }
      expect(await bench().journals.list()).toEqual(begun);
    }),
    { numRuns: 10, endOnFailure: true },
  );
});
