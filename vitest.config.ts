import { randomInt } from 'node:crypto';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

// What is too large for every run is sampled. Workers inherit the seed, so that all of a run take the same sample.
process.env.CLAW_RUN_TEST_SEED ||= String(randomInt(1_000_000));

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    setupFiles: ['test/support/seed.ts'],
    globalSetup: ['test/support/tell-seed.ts'],
    projects: [
      project('packages', 'packages/*/test/**/*.test.ts', 120_000),
      project('cli', 'test/{cli,editor,sandbox}/**/*.test.ts', 180_000),
      project('cluster', 'test/cluster/**/*.test.ts', 180_000),
      project('lab', 'test/lab/**/*.test.ts', 300_000),
      project('packaging', 'test/packaging/**/*.test.ts', 300_000, ['test/packaging/support/setup.ts']),
    ],
  },
});

/** A condition has a minute to come about: a busy machine stands still for half of one at times. */
function project(name: string, include: string, timeout: number, globalSetup: readonly string[] = []) {
  return {
    extends: true as const,
    test: {
      name,
      include: [include],
      globalSetup: [...globalSetup],
      testTimeout: timeout,
      hookTimeout: timeout,
      expect: { poll: { timeout: 60_000 } },
    },
  };
}
