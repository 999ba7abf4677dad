import { expect, test } from 'vitest';
import { createHost } from './support/host.ts';
import { hostBench, hostProof, hostRunbook, hostStep } from './support/host-bench.ts';
import { file, told } from './support/host-steps.ts';
import { use } from './support/runbook.ts';

const write = hostStep('write', file, { path: '/etc/app', content: 'new', sudo: true });
const check = hostProof('works', told, { path: '/etc/app', text: 'new', sudo: true });

test('sudo that a planned action needs is asked for before anything is touched', async () => {
  const { go, journals } = await hostBench();
  const host = createHost('web1', { '/etc/app': 'old' });
  const { outcome, events } = await go(
    hostRunbook({ steps: [write] }),
    host.connect({ refuses: (command) => command.startsWith('/bin/edit') }),
  );
  const sudo = [{ target: 'host', host: 'web1', user: 'ops', runAs: 'root', command: '/bin/edit /etc/app' }];
  expect(outcome).toMatchObject({ status: 'refused', exit: 3, missingGrants: [], missingSudo: sudo });
  expect(events).toContainEqual(expect.objectContaining({ type: 'grants.missing', grants: [], sudo }));
  expect(host.done).toEqual([]);
  expect(host.held.size).toBe(0);
  expect(await journals.list()).toEqual([]);
});

test('reads that sudo refuses end the run with all that is known to be missing', async () => {
  const { go } = await hostBench();
  const host = createHost('web1', { '/etc/app': 'old', '/etc/more': 'x' });
  const runbook = hostRunbook({
    causes: [{ ...use('cause', told, { path: '/etc/more', text: 'x', sudo: true }), on: 'host' }],
    steps: [write],
    verify: [check],
  });
  const { outcome } = await go(runbook, host.connect({ refuses: () => true }));
  expect(outcome).toMatchObject({ status: 'refused', problems: [{ code: 'forbidden' }] });
  expect(outcome.missingSudo.map(({ command }) => command)).toEqual([
    '/bin/cat /etc/more',
    '/bin/cat /etc/app',
  ]);
  expect(host.done).toEqual([]);
});

test('what only undoing needs is asked for too', async () => {
  const { go } = await hostBench();
  const host = createHost('web1');
  const removing = { ...file, id: 'test.removing' };
  const own = {
    ...removing,
    actions: (...args: Parameters<typeof file.actions>) =>
      file
        .actions(...args)
        .map((action) => (action.do === 'remove' ? { ...action, path: `${action.path}~` } : action)),
  };
  const runbook = hostRunbook({
    steps: [hostStep('write', own, { path: '/etc/app', content: 'new', sudo: true })],
  });
  const { outcome } = await go(runbook, host.connect({ refuses: (command) => command.endsWith('~') }));
  expect(outcome.missingSudo.map(({ command }) => command)).toEqual(['/bin/edit /etc/app~']);
});

test('where nothing needs sudo, sudo is not asked', async () => {
  const { go } = await hostBench();
  const host = createHost('web1', { '/etc/app': 'old' });
  const plain = hostStep('write', file, { path: '/etc/app', content: 'new' });
  const connection = host.connect();
  let asked = 0;
  const counting: typeof connection = {
    ...connection,
    refused: (...args) => {
      asked += 1;
      return connection.refused?.(...args) ?? Promise.resolve([]);
    },
  };
  expect((await go(hostRunbook({ steps: [plain] }), counting)).outcome.status).toBe('ok');
  expect(asked).toBe(0);
});
