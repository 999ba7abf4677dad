import { expect, test } from 'vitest';
import { createHost } from './support/host.ts';
import { hostBench, hostProof, hostRunbook, hostStep } from './support/host-bench.ts';
import { file, loaded, told } from './support/host-steps.ts';

const start = { '/etc/app': 'old', '/run/app': 'old', '/run/app.new': 'old' };
const goal = { '/etc/app': 'new', '/run/app': 'new', '/run/app.new': 'new', '/etc/note': 'done' };
const runbook = hostRunbook({
  steps: [
    hostStep('write', file, { path: '/etc/app', content: 'new' }),
    hostStep('load', loaded, { from: '/etc/app', to: '/run/app' }),
    hostStep('note', file, { path: '/etc/note', content: 'done' }),
  ],
  verify: [hostProof('works', told, { path: '/run/app', text: 'new' })],
  onFailure: 'roll-back',
});
const moments = [0, 1, 2, 3].flatMap((action) =>
  (['before', 'after'] as const).map((side) => ({ action, side })),
);

test.each(moments)(
  'lost $side action $action, the run looks whether it took place and goes on to its end',
  async ({ action, side }) => {
    const { go, undo } = await hostBench();
    const host = createHost('web1', start);
    const lossy = host.connect({ drops: (at) => (at === action ? side : undefined), gone: 2 });
    const { outcome, events } = await go(runbook, lossy);
    expect(outcome).toMatchObject({ status: 'ok', exit: 0 });
    expect(Object.fromEntries(host.files)).toEqual(goal);
    expect(events.some((event) => event.type === 'step.waiting')).toBe(true);
    expect(host.held.size).toBe(0);
    const back = await undo(runbook, host.connect(), outcome.run);
    expect(back.outcome.status).toBe('ok');
    expect(Object.fromEntries(host.files)).toEqual(start);
  },
);

test('an action that took place before the connection went is not made again', async () => {
  const { go } = await hostBench();
  const host = createHost('web1', start);
  const { outcome } = await go(runbook, host.connect({ drops: (at) => (at === 0 ? 'after' : undefined) }));
  expect(outcome.status).toBe('ok');
  expect(host.done.filter((each) => each === 'write /etc/app')).toHaveLength(1);
});

test.each(moments)(
  'lost for good $side action $action, it fails and is left; resume and rollback both hold',
  async ({ action, side }) => {
    for (const then of ['resume', 'undo'] as const) {
      const bench = await hostBench(0.3);
      const host = createHost('web1', start);
      const lossy = host.connect({ drops: (at) => (at === action ? side : undefined), gone: Infinity });
      const { outcome } = await bench.go(runbook, lossy);
      expect(outcome).toMatchObject({
        status: 'failed',
        exit: 1,
        problems: [
          { code: 'unreachable', message: expect.stringContaining('did not come back within 0.3 s') },
        ],
      });
      const after = await bench[then](runbook, host.connect(), outcome.run);
      expect(after.outcome.status).toBe('ok');
      expect(Object.fromEntries(host.files)).toEqual(then === 'resume' ? goal : start);
      expect(host.held.size).toBe(0);
    }
  },
);

test.each([0, 1, 2, 3, 4])(
  'lost while it is undone, at action %i: undoing looks and goes on',
  async (action) => {
    for (const side of ['before', 'after'] as const) {
      const { go, undo } = await hostBench();
      const host = createHost('web1', start);
      const { outcome } = await go(runbook, host.connect());
      const lossy = host.connect({ drops: (at) => (at === action ? side : undefined), gone: 2 });
      expect((await undo(runbook, lossy, outcome.run)).outcome).toMatchObject({ status: 'ok' });
      expect(Object.fromEntries(host.files)).toEqual(start);
    }
  },
);

test('lost for good while it is undone, undoing it once more takes it to its start', async () => {
  for (const action of [0, 1, 2, 3]) {
    const { go, undo } = await hostBench(0.1);
    const host = createHost('web1', start);
    const { outcome } = await go(runbook, host.connect());
    const lossy = host.connect({ drops: (at) => (at === action ? 'after' : undefined), gone: Infinity });
    expect((await undo(runbook, lossy, outcome.run)).outcome).toMatchObject({
      status: 'roll-back-incomplete',
      exit: 6,
    });
    expect((await undo(runbook, host.connect(), outcome.run)).outcome.status).toBe('ok');
    expect(Object.fromEntries(host.files)).toEqual(start);
  }
});
