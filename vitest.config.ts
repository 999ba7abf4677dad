import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      project('packages', 'packages/*/test/**/*.test.ts', 120_000),
      project('cli', 'test/{cli,sandbox}/**/*.test.ts', 180_000),
      project('cluster', 'test/cluster/**/*.test.ts', 180_000),
      project('lab', 'test/lab/**/*.test.ts', 300_000),
    ],
  },
});

/** A condition has a minute to come about: a busy machine stands still for half of one at times. */
function project(name: string, include: string, timeout: number) {
  return {
    test: {
      name,
      include: [include],
      testTimeout: timeout,
      hookTimeout: timeout,
      expect: { poll: { timeout: 60_000 } },
    },
  };
}
