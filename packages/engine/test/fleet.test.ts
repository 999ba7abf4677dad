import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClawError, type Connection, type Runbook, Secret, type Target } from '@claw-run/core';
import { expect, onTestFinished, test } from 'vitest';
import {
  againOnFleet,
  createJournalStore,
  type FleetEvent,
  type FleetOptions,
  type FleetOutcome,
  foldFleet,
  foldJournal,
  type RunEvent,
  resume,
  rollOutLeft,
  runFleet,
  undoRun,
} from '../src/index.ts';
import { createHost, type FakeHost, type Weather } from './support/host.ts';
import { actingOf, hostProof, hostStep } from './support/host-bench.ts';
import { file, told } from './support/host-steps.ts';
import { runbookOf } from './support/runbook.ts';

const many: Target = { name: 'host', kind: 'host', many: true };
const runbook: Runbook = runbookOf({
  targets: [many],
  steps: [hostStep('write', file, { path: '/etc/app', content: 'new' })],
  verify: [hostProof('works', told, { path: '/etc/app', text: 'new' })],
});

interface Told {
  readonly outcome: FleetOutcome;
  readonly events: readonly (RunEvent | FleetEvent)[];
  readonly asked: readonly (readonly { host: string; steps: number }[])[];
}

/** Journals and a way to run on hosts. */
async function bench() {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-fleet-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const journals = createJournalStore(folder);
  const go = async (
    hosts: readonly FakeHost[],
    more: Partial<FleetOptions> & { weather?: { readonly [host: string]: Weather } } = {},
  ): Promise<Told> => {
    const events: (RunEvent | FleetEvent)[] = [];
    const asked: (readonly { host: string; steps: number }[])[] = [];
    const { weather = {}, ...rest } = more;
    const outcome = await runFleet({
      runbook,
      target: many,
      hosts: hosts.map((host) => ({
        name: host.name,
        connect: async () => ({
          connection: host.connect(weather[host.name]),
          binding: { kind: 'host', where: host.name },
        }),
      })),
      shared: {},
      forks: 10,
      journals,
      who: 'tester@bench',
      reconnectSeconds: 0.1,
      confirm: async (waiting) => {
        asked.push(waiting);
        return 'yes';
      },
      emit: (event) => events.push(event),
      ...rest,
    });
    return { outcome, events, asked };
  };
  return { journals, go };
}

const old = { '/etc/app': 'old' };
const statuses = ({ outcome }: Told) => outcome.hosts.map(({ host, status }) => `${host} ${status}`);
const contents = (hosts: readonly FakeHost[]) => hosts.map(({ files }) => files.get('/etc/app'));

test('each host is planned, all are agreed to at once, and each has a run and a journal of its own', async () => {
  const { go, journals } = await bench();
  const hosts = [createHost('a', old), createHost('b', old), createHost('c', { '/etc/app': 'new' })];
  const result = await go(hosts);
  expect(result.outcome).toMatchObject({ status: 'ok', exit: 0 });
  expect(result.asked).toEqual([
    [
      { host: 'a', steps: 1 },
      { host: 'b', steps: 1 },
    ],
  ]);
  expect(contents(hosts)).toEqual(['new', 'new', 'new']);
  const runs = await journals.list();
  expect(runs).toEqual(
    result.outcome.hosts.filter(({ changes }) => changes > 0).map(({ hostRun }) => hostRun),
  );
  const journal = await journals.open(runs[0] ?? '');
  await journal.close();
  expect(foldJournal(journal.records)).toMatchObject({
    ended: 'ok',
    opened: { fleet: result.outcome.run, host: 'a', bindings: { host: { kind: 'host', where: 'a' } } },
  });
  expect(hosts.flatMap(({ held }) => [...held])).toEqual([]);
});

test('hosts with the same plan are told to be alike; events of runs bear their host; a run is told once', async () => {
  const { go } = await bench();
  const hosts = [createHost('a', old), createHost('b', old), createHost('c', { '/etc/app': 'older' })];
  const { events, outcome } = await go(hosts);
  const like = new Map(
    events.flatMap((event) => (event.type === 'host.planned' ? [[event.host, event.like] as const] : [])),
  );
  expect([...like.keys()].toSorted()).toEqual(['a', 'b', 'c']);
  expect(like.get('a')).toBe(like.get('b'));
  expect(like.get('c')).not.toBe(like.get('a'));
  const ofA = events.filter((event) => 'fleet' in event && event.host === 'a');
  expect(ofA.map(({ type }) => type)).toEqual([
    'run.started',
    'step.planned',
    'run.confirmed',
    'step.started',
    'action.intended',
    'action.ended',
    'step.verified',
    'check',
    'run.ended',
  ]);
  expect(new Set(ofA.map(({ run }) => run))).toEqual(new Set([outcome.hosts[0]?.hostRun]));
  expect(events.at(-1)).toMatchObject({ type: 'fleet.ended', run: outcome.run, status: 'ok' });
});

test('no more connections are open than hosts are worked on, while looking and while acting', async () => {
  const { go } = await bench();
  let now = 0;
  let most = 0;
  const hosts = Array.from({ length: 9 }, (_, index) => createHost(`h${index}`, old));
  const { outcome } = await go(hosts, {
    forks: 3,
    hosts: hosts.map((host) => ({
      name: host.name,
      connect: async () => {
        now += 1;
        most = Math.max(most, now);
        const connection = host.connect();
        return {
          connection: {
            ...(connection as Connection),
            close: async () => {
              now -= 1;
              await connection.close();
            },
          },
          binding: {},
        };
      },
    })),
  });
  expect(outcome.status).toBe('ok');
  expect([now, most]).toEqual([0, 3]);
});

test.each([
  ['no', 'cancelled', 8],
  ['nobody', 'waiting-for-approval', 12],
] as const)('with %s nothing is touched: %s', async (answer, status, exit) => {
  const { go, journals } = await bench();
  const hosts = [createHost('a', old), createHost('b', old)];
  const { outcome } = await go(hosts, { confirm: () => Promise.resolve(answer) });
  expect(outcome).toMatchObject({ status, exit });
  expect(hosts.flatMap(({ done }) => done)).toEqual([]);
  expect(await journals.list()).toEqual([]);
});

test('a roll-out goes batch by batch and stops at the first failure: the hosts after it are not touched', async () => {
  const { go } = await bench();
  const hosts = ['a', 'b', 'c', 'd'].map((name) => createHost(name, old));
  const target: Target = { ...many, rollOut: { batches: ['1', '1', '100%'], stopWhenFailed: 1 } };
  const result = await go(hosts, {
    target,
    weather: { b: { drops: () => 'before', gone: Infinity } },
  });
  expect(statuses(result)).toEqual(['a ok', 'b failed', 'c not-begun', 'd not-begun']);
  expect(result.outcome).toMatchObject({ status: 'failed', exit: 1 });
  expect(contents(hosts)).toEqual(['new', 'old', 'old', 'old']);
  const batches = result.events.flatMap((event) => (event.type === 'batch.started' ? [event.hosts] : []));
  expect(batches).toEqual([['a'], ['b']]);
});

test('as many may fail as the roll-out says', async () => {
  const { go } = await bench();
  const hosts = ['a', 'b', 'c', 'd'].map((name) => createHost(name, old));
  const target: Target = { ...many, rollOut: { batches: ['1'], stopWhenFailed: 2 } };
  const gone: Weather = { drops: () => 'before', gone: Infinity };
  const result = await go(hosts, { target, weather: { a: gone, c: gone } });
  expect(statuses(result)).toEqual(['a failed', 'b ok', 'c failed', 'd not-begun']);
});

test('a host that cannot be reached or refuses sudo does not hold up the others; the fleet ends as the worst', async () => {
  const { go } = await bench();
  const hosts = ['a', 'b', 'c'].map((name) => createHost(name, old));
  const [first] = hosts;
  const sudo = hostStep('write', file, { path: '/etc/app', content: 'new', sudo: true });
  const result = await go(hosts, {
    runbook: { ...runbook, steps: [sudo] },
    weather: { b: { refuses: () => true } },
    hosts: hosts.map((host) => ({
      name: host.name,
      connect: async () => {
        if (host === first) throw new ClawError('unreachable', 'a does not answer');
        return { connection: host.connect({ refuses: () => host.name === 'b' }), binding: {} };
      },
    })),
  });
  expect(statuses(result)).toEqual(['a refused', 'b refused', 'c ok']);
  expect(result.outcome.exit).toBe(1);
  expect(result.outcome.hosts[0]?.problems).toEqual([{ code: 'unreachable', message: 'a does not answer' }]);
  expect(contents(hosts)).toEqual(['old', 'old', 'new']);
});

test('a host whose world has moved since it was agreed to is left alone; one that needs it no more is well', async () => {
  const { go } = await bench();
  const hosts = ['a', 'b', 'c'].map((name) => createHost(name, old));
  const result = await go(hosts, {
    target: { ...many, rollOut: { batches: ['1'], stopWhenFailed: 9 } },
    confirm: async () => {
      hosts[0]?.files.set('/etc/app', 'new');
      hosts[1]?.files.set('/etc/app', 'moved');
      return 'yes';
    },
  });
  expect(statuses(result)).toEqual(['a ok', 'b stale-plan', 'c ok']);
  expect(contents(hosts)).toEqual(['new', 'moved', 'new']);
});

test('what the hosts share is changed by one of them, one after the other, and locked by one at a time', async () => {
  const { go } = await bench();
  const hosts = ['a', 'b', 'c'].map((name) => createHost(name, old));
  const hub = createHost('hub');
  const onHub = { ...hostStep('hub', file, { path: '/etc/hub', content: 'x' }), on: 'hub' };
  const shared: Runbook = {
    ...runbook,
    targets: [many, { name: 'hub', kind: 'host', many: false }],
    steps: [onHub, ...runbook.steps],
  };
  const result = await go(hosts, { runbook: shared, shared: { hub: hub.connect() } });
  expect(statuses(result)).toEqual(['a ok', 'b ok', 'c ok']);
  expect(hub.done).toEqual(['write /etc/hub']);
  expect(contents(hosts)).toEqual(['new', 'new', 'new']);
  expect(hub.held.size).toBe(0);
});

test('a dry run plans all hosts and asks nobody', async () => {
  const { go } = await bench();
  const hosts = [createHost('a', old), createHost('b', { '/etc/app': 'new' })];
  const { outcome, asked } = await go(hosts, { mode: 'plan' });
  expect(outcome.hosts.map(({ host, changes }) => [host, changes])).toEqual([
    ['a', 1],
    ['b', 0],
  ]);
  expect([asked, contents(hosts)]).toEqual([[], ['old', 'new']]);
});

test('an interrupt leaves the hosts that have not begun', async () => {
  const { go } = await bench();
  const interrupt = new AbortController();
  const hosts = ['a', 'b', 'c'].map((name) => createHost(name, old));
  const result = await go(hosts, {
    target: { ...many, rollOut: { batches: ['1'] } },
    signal: interrupt.signal,
    emit: (event) => {
      if (event.type === 'host.ended') interrupt.abort(new ClawError('cancelled', 'interrupted by SIGINT'));
    },
  });
  expect(statuses(result)).toEqual(['a ok', 'b not-begun', 'c not-begun']);
  expect(result.outcome).toMatchObject({ status: 'interrupted', exit: 130 });
});

test('the runs of a fleet are gone on with, and undone, together', async () => {
  const { go, journals } = await bench();
  const hosts = ['a', 'b'].map((name) => createHost(name, old));
  const first = await go(hosts, {
    target: { ...many, rollOut: { batches: ['2'], stopWhenFailed: 2 } },
    weather: { b: { drops: () => 'after', gone: Infinity } },
  });
  expect(statuses(first)).toEqual(['a ok', 'b failed']);
  const again = (how: 'resume' | 'undo') =>
    againOnFleet({
      fleet: first.outcome.run,
      startedAt: first.outcome.startedAt,
      forks: 2,
      hosts: first.outcome.hosts.map(({ host, hostRun }) => ({
        host,
        hostRun,
        work: async () => {
          const found = hosts.find(({ name }) => name === host) ?? createHost(host);
          const given = {
            runbook,
            connections: { host: found.connect() as Connection },
            journals,
            who: 'tester@bench',
            journal: await journals.open(hostRun),
          };
          const definition = (id: string) => actingOf(runbook).find((one) => one.id === id);
          return how === 'resume' ? resume(given) : undoRun({ ...given, definition });
        },
      })),
    });
  expect(await again('resume')).toMatchObject({ run: first.outcome.run, status: 'ok' });
  expect(contents(hosts)).toEqual(['new', 'new']);
  expect(await again('undo')).toMatchObject({ status: 'ok', exit: 0 });
  expect(contents(hosts)).toEqual(['old', 'old']);
});

/** A fleet of six, killed when its second batch was to begin; then what is left of it is gone on with. */
async function killedFleet(target: Target) {
  const { go, journals } = await bench();
  const hosts = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => createHost(name, old));
  const compiled = { ...runbook, targets: [target] };
  const killed = new Error('killed');
  await expect(
    go(hosts, {
      target,
      runbook: compiled,
      params: { password: new Secret('correct-horse') },
      select: (id) => (id === 'write' ? undefined : 'left out'),
      emit: (event) => {
        if (event.type === 'batch.started' && event.batch === 2) throw killed;
      },
    }),
  ).rejects.toBe(killed);
  const [fleet = ''] = await journals.fleets.list();
  const journal = await journals.fleets.open(fleet);
  await journal.take();
  onTestFinished(() => journal.close());
  const { opened, ended } = foldFleet(journal.records);
  if (opened === undefined) throw new Error('the journal does not tell what was agreed to');
  const runs = await journals.list();
  const members = opened.members.filter(({ hostRun }) => !runs.includes(hostRun));
  const events: (RunEvent | FleetEvent)[] = [];
  const goOn = (weather: { readonly [host: string]: Weather } = {}, failed = 0) =>
    rollOutLeft({
      runbook: compiled,
      opened,
      journal,
      members,
      journals,
      shared: {},
      forks: 10,
      failed,
      who: 'tester@bench',
      reconnectSeconds: 0.1,
      emit: (event) => events.push(event),
      connect: async ({ host, binding }) => {
        const found = hosts.find(({ name }) => name === host) ?? createHost(host);
        return { connection: found.connect(weather[host]), binding };
      },
    });
  const batches = () =>
    events.flatMap((event) =>
      event.type === 'batch.started' ? [[event.batch, event.of, ...event.hosts]] : [],
    );
  return { hosts, journals, opened, ended, members, goOn, batches };
}

const inThree: Target = { ...many, rollOut: { batches: ['1', '2', '100%'], stopWhenFailed: 1 } };

test('hosts that never acted are gone on with in their own batches, with what was given then', async () => {
  const { hosts, opened, ended, members, goOn, batches, journals } = await killedFleet(inThree);
  expect([...ended.values()]).toMatchObject([{ hostRun: opened.members[0]?.hostRun, status: 'ok' }]);
  expect(members.map(({ host, binding }) => [host, binding])).toEqual(
    ['b', 'c', 'd', 'e', 'f'].map((host) => [host, { kind: 'host', where: host }]),
  );
  expect(opened.params).toEqual({ password: new Secret('correct-horse') });
  const outcomes = await goOn();
  expect(outcomes.map(({ host, status, changes }) => [host, status, changes])).toEqual(
    ['b', 'c', 'd', 'e', 'f'].map((host) => [host, 'ok', 1]),
  );
  expect(batches()).toEqual([
    [2, 3, 'b', 'c'],
    [3, 3, 'd', 'e', 'f'],
  ]);
  expect(contents(hosts)).toEqual(Array.from({ length: 6 }, () => 'new'));
  const runs = await journals.list();
  expect(runs).toEqual(opened.members.map(({ hostRun }) => hostRun));
  const journal = await journals.open(runs[5] ?? '');
  await journal.close();
  expect(foldJournal(journal.records)).toMatchObject({
    opened: { fleet: opened.run, host: 'f' },
    ended: 'ok',
  });
});

test('going on stops where the roll-out would have stopped', async () => {
  const first = await killedFleet(inThree);
  const outcomes = await first.goOn({ b: { drops: () => 'before', gone: Infinity } });
  expect(outcomes.map(({ status }) => status)).toEqual([
    'failed',
    'ok',
    'not-begun',
    'not-begun',
    'not-begun',
  ]);
  expect(contents(first.hosts)).toEqual(['new', 'old', 'new', 'old', 'old', 'old']);
  const second = await killedFleet(inThree);
  const none = await second.goOn({}, 1);
  expect(none.map(({ status, changes }) => [status, changes])).toEqual(
    Array.from({ length: 5 }, () => ['not-begun', 1]),
  );
  expect(second.batches()).toEqual([]);
});

test('a host that calls for something else by now than was agreed to then is left alone', async () => {
  const { hosts, goOn } = await killedFleet({
    ...many,
    rollOut: { batches: ['1', '100%'], stopWhenFailed: 9 },
  });
  hosts[1]?.files.set('/etc/app', 'moved');
  hosts[2]?.files.set('/etc/app', 'new');
  const outcomes = await goOn();
  expect(outcomes.map(({ status }) => status)).toEqual(['stale-plan', 'ok', 'ok', 'ok', 'ok']);
  expect(contents(hosts)).toEqual(['new', 'moved', 'new', 'new', 'new', 'new']);
});
