import { headNodeScenarios, scenarios, startHeadNode, startSandbox } from '@claw-run/sandbox';
import { sample } from '@claw-run/testing';
import { describe, expect, test } from 'vitest';
import { headNodePrograms, openclawProgram } from '../support/programs.ts';

const anywhere = headNodeScenarios.filter(({ where }) => where === 'anywhere').map(({ name }) => name);
/** What is broken by what happens once the scheduler listens; a second scenario may stand in its way. */
const brokenLater = ['group-cached', 'config-stale', 'queue-full'] as const;

describe('two scenarios at once', () => {
  const pairs = pairsOf(anywhere);
  const isLater = (pair: readonly string[]) => brokenLater.some((name) => pair.includes(name));
  const others = pairs.filter((pair) => !isLater(pair));
  const tried = [...pairs.filter(isLater), ...sample(others, 8, { key: 'pairs of the head node' })];

  test.concurrent.each(tried)(
    'the head node starts with %s and %s, or says that they contradict',
    async (...pair) => {
      const started = startHeadNode({ scenarios: pair, programs: headNodePrograms });
      const outcome = await started.then(
        async (node) => {
          await node.close();
          return 'started';
        },
        (error: Error) => error.message,
      );
      expect(outcome).toMatch(/^(started|the scenarios \S+ and \S+ contradict each other)$/);
      expect(outcome === 'started').toBe(!contradicting.has(pair.join(' ')));
    },
  );

  test.concurrent.each(
    sample(pairsOf(scenarios.map(({ name }) => name)), 8, { key: 'pairs of the cluster' }),
  )('the cluster starts with %s and %s, and their symptoms show', async (...pair) => {
    const sandbox = await startSandbox({ scenarios: pair, openclaw: openclawProgram });
    try {
      await sandbox.settled();
    } finally {
      await sandbox.close();
    }
  });
});

/** The pairs of which one takes away what the other is about, in the order of the scenarios. */
const contradicting = new Set([
  'group group-cached',
  'group-cached service',
  'group-cached service-broken',
  'token-expired token-cached',
  'token-cached account-locked',
  'token-cached account-expired',
  'token-cached password-wrong',
  'config config-stale',
  'config service-broken',
  'config queue-full',
  'config-stale service',
  'config-stale service-broken',
  'config-stale queue-full',
  'service service-broken',
  'service queue-full',
  'service-broken queue-full',
]);

function pairsOf<T>(items: readonly T[]): readonly (readonly [T, T])[] {
  return items.flatMap((one, index) => items.slice(index + 1).map((other) => [one, other] as const));
}
