import { expect, test } from 'vitest';
import { createHost } from './support/host.ts';
import { hostBench, hostRunbook, hostStep } from './support/host-bench.ts';
import { copied, file, loaded } from './support/host-steps.ts';
import { crashingAt, Killed } from './support/killed.ts';

const write = hostStep('write', file, { path: '/etc/app', content: 'new' });
const load = hostStep('load', loaded, { from: '/etc/app', to: '/run/app' });
const copy = hostStep('copy', copied, { path: '/run/app', into: '/var/copy' });

function plansOf(events: readonly { readonly type: string }[]) {
  return events.flatMap((event) =>
    event.type === 'step.planned' && 'id' in event && 'plan' in event
      ? [`${event.id}: ${'deferred' in event ? `waits for ${event.deferred}` : event.plan}`]
      : [],
  );
}

test('what a program tells about a file that is to be written cannot be told: the step is decided once it is written', async () => {
  const { go } = await hostBench();
  const host = createHost('web1', { '/etc/app': 'old', '/run/app': 'old', '/run/app.new': 'old' });
  const runbook = hostRunbook({ steps: [write, load] });
  const planned = await go(runbook, host.connect(), { mode: 'plan' });
  expect(plansOf(planned.events)).toEqual(['write: change', 'load: waits for told /etc/app']);
  expect(host.done).toEqual([]);
  const { outcome, events } = await go(runbook, host.connect());
  expect(outcome.status).toBe('ok');
  expect(plansOf(events)).toEqual(['write: change', 'load: waits for told /etc/app', 'load: change']);
  expect(host.files.get('/run/app')).toBe('new');
});

test('what is about another file is told as it is', async () => {
  const { go } = await hostBench();
  const host = createHost('web1', { '/etc/app': 'old', '/run/app': 'old', '/run/app.new': 'old' });
  const other = hostStep('write', file, { path: '/etc/other', content: 'new' });
  const { events } = await go(hostRunbook({ steps: [other, load] }), host.connect(), { mode: 'plan' });
  expect(plansOf(events)).toEqual(['write: change', 'load: settled']);
});

test('a fact that an earlier step predicts is taken by its key, whatever its actions change', async () => {
  const { go } = await hostBench();
  const host = createHost('web1', { '/etc/app': 'new', '/run/app': 'old', '/run/app.new': 'old' });
  const { outcome, events } = await go(hostRunbook({ steps: [load, copy] }), host.connect());
  expect(plansOf(events)).toEqual(['load: change', 'copy: change']);
  expect(outcome.steps.find(({ id }) => id === 'copy')?.plan).toMatchObject({ after: { copy: 'new' } });
  expect(host.files.get('/var/copy')).toBe('new');
});

test('a prediction falls with the next action that changes its topic', async () => {
  const { go } = await hostBench();
  const host = createHost('web1', {
    '/etc/app': 'new',
    '/etc/more': 'x',
    '/run/app': 'old',
    '/run/app.new': 'old',
  });
  const more = hostStep('more', loaded, { from: '/etc/more', to: '/run/more', changes: ['loaded /run/app'] });
  const { outcome, events } = await go(hostRunbook({ steps: [load, more, copy] }), host.connect());
  expect(plansOf(events)).toEqual([
    'load: change',
    'more: change',
    'copy: waits for told /run/app',
    'copy: change',
  ]);
  expect(outcome.status).toBe('ok');
  expect(host.files.get('/var/copy')).toBe('new');
});

test('a run that died before its deferred step was decided goes on, and is undone, as any other', async () => {
  const { journals, go, resume, undo } = await hostBench();
  const start = { '/etc/app': 'old', '/run/app': 'old', '/run/app.new': 'old' };
  const host = createHost('web1', start);
  const runbook = hostRunbook({ steps: [write, load] });
  const identity = { run: 'r1', startedAt: '2026-01-02T03:04:05Z' };
  const dying = { ...journals, create: crashingAt(journals, 'step.verified').create };
  await expect(go(runbook, host.connect(), { journals: dying, identity })).rejects.toThrow(Killed);
  expect(host.files.get('/etc/app')).toBe('new');
  expect((await resume(runbook, host.connect(), 'r1')).outcome.status).toBe('ok');
  expect(host.files.get('/run/app')).toBe('new');
  expect((await undo(runbook, host.connect(), 'r1')).outcome.status).toBe('ok');
  expect(Object.fromEntries(host.files)).toEqual(start);
});
