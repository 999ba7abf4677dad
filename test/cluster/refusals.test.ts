import { readFileSync } from 'node:fs';
import { until } from '@claw-run/testing';
import { describe, expect, it } from 'vitest';
import { type BenchServer, runbookOf, step, useBench } from '../../packages/engine/test/support/bench.ts';
import { describeLeaving } from '../../packages/engine/test/support/leaving-contract.ts';
import { home, setting } from '../../packages/engine/test/support/steps.ts';
import { startRealApiServer, whyNoApiServer } from './api-server.ts';

const why = whyNoApiServer();
if (why !== undefined) console.warn(`skipped: what a real API server refuses. ${why}`);

async function start(): Promise<BenchServer> {
  const { kubeconfig, close } = await startRealApiServer({ controllers: ['resourcequota'] });
  const text = readFileSync(kubeconfig, 'utf8');
  return { kubeconfig: text, kubeconfigFor: () => text, close };
}

describe.skipIf(why !== undefined)(
  `on a real API server${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    const bench = useBench(start);
    describeLeaving(bench);

    it('a quota that is used up refuses the plan, in the words of the server and with no talk of rights', async () => {
      const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'few', namespace: home } };
      const ref = { apiVersion: 'v1', kind: 'ResourceQuota', name: 'few', namespace: home };
      await bench().put({ ...quota, spec: { hard: { 'count/configmaps': '0' } } });
      await until('the quota is counted', async () => {
        const now = await bench().get(ref);
        return (now?.status as { used?: object } | undefined)?.used !== undefined;
      });
      const runbook = runbookOf({ steps: [step('set', setting, { name: 'more', value: 'a' })] });
      for (const mode of ['plan', 'run'] as const) {
        const { outcome } = await bench().go(runbook, mode === 'plan' ? { mode } : {});
        expect(outcome.status).toBe('refused');
        expect(outcome.problems).toEqual([
          expect.objectContaining({ message: expect.stringContaining('exceeded quota: few') }),
        ]);
        expect(outcome.problems[0]?.hint).not.toContain('right');
      }
    });
  },
);
