import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClawError, createRedactor } from '@claw-run/core';
import {
  againOnFleet,
  createJournalStore,
  type FleetEvent,
  type FleetOutcome,
  isGood,
  isUntouched,
  type RunEvent,
  resume,
  rollOutLeft,
  runFleet,
  runStatuses,
} from '@claw-run/engine';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Context } from '../src/context.ts';
import { createFleetRenderer } from '../src/render/fleet.ts';
import type { Manner } from '../src/render/renderer.ts';
import { hostsLeft, openFleet } from '../src/run/past-fleet.ts';
import {
  actingEnds,
  type Case,
  type End,
  fates,
  type Host,
  hostOf,
  planEnd,
  runbookFor,
} from './support/fated-hosts.ts';

// Hosts of all fates in one fleet: what is told of its end is held to what its hosts are like then.

function screen(manner: Manner) {
  let text = '';
  const io: Context['io'] = {
    out: (more) => {
      text += more;
    },
    err: () => {},
    json: () => {},
    hideVariable: () => {},
    color: { out: false, err: false },
    width: 400,
    canAsk: false,
    outIsTerminal: false,
    live: false,
    redactor: createRedactor(),
    env: {},
    cwd: '/',
    readStdin: () => Promise.resolve(Buffer.alloc(0)),
  };
  const renderer = createFleetRenderer({ io, options: {}, typed: {}, operands: [] }, manner);
  const events: (RunEvent | FleetEvent)[] = [];
  return {
    emit: (event: RunEvent | FleetEvent) => {
      events.push(event);
      renderer.event(event);
    },
    events,
    text: () => text,
  };
}

const groups: readonly (readonly [string, (end: End) => boolean])[] = [
  ['failed', (end) => /^(failed|verification-failed|roll-back-incomplete)$/.test(end)],
  ['rolled back', (end) => end === 'rolled-back'],
  ['refused', (end) => end === 'refused' || end === 'locked' || end === 'stale-plan'],
  ['interrupted', (end) => end === 'interrupted'],
  ['unresolved', (end) => end === 'unresolved'],
  ['good', (end) => end === 'ok'],
  ['not begun', (end) => end === 'not-begun'],
];

/** Holds what is told of the end of a fleet to what its hosts are like. */
function hold(
  {
    outcome,
    told,
    wasStopped,
  }: {
    readonly outcome: FleetOutcome;
    readonly told: ReturnType<typeof screen>;
    readonly wasStopped: boolean;
  },
  hosts: readonly Host[],
  ends: readonly End[],
): void {
  const { status, exit, counts } = outcome;
  expect(outcome.hosts.map(({ host, status: end }) => [host, end])).toEqual(
    hosts.map(({ name }, index) => [name, ends[index]]),
  );
  expect(told.events.at(-1)).toMatchObject({
    ...{ type: 'fleet.ended', status, exit, counts, hosts: outcome.hosts },
  });
  for (const [index, host] of hosts.entries()) {
    const own = outcome.hosts[index]?.counts;
    expect((own?.changed ?? 0) + (own?.left ?? 0), `in place on ${host.name}`).toBe(host.inPlace);
  }
  const inPlace = hosts.reduce((sum, host) => sum + host.inPlace, 0);
  expect(counts.changed + counts.left).toBe(inPlace);
  expect(exit).toBe(runStatuses[status].exit);
  expect(exit === 0).toBe(ends.every((end) => end === 'ok'));
  if (isUntouched(status)) expect(hosts.some(({ isTouched }) => isTouched)).toBe(false);
  if (status === 'rolled-back') expect(inPlace).toBe(0);
  const isCut = ends.includes('interrupted') || (wasStopped && ends.includes('not-begun'));
  expect(status === 'interrupted').toBe(isCut);

  const last = /^[✓!✗] .*$/gm.exec(told.text())?.[0] ?? '';
  const numbers = groups.flatMap(([word, is]) => {
    const number = ends.filter(is).length;
    return number === 0 && word !== 'good' ? [] : [`${number} ${word}`];
  });
  const onHosts = `${hosts.length} host${hosts.length === 1 ? '' : 's'}`;
  if (exit !== 0) expect(last.toLowerCase()).toContain(`of ${onHosts}: ${numbers.join(', ')}; `);
  else if (inPlace === 0) expect(last).toBe(`✓ No change needed on ${onHosts}: the cause is ruled out`);
  else
    expect(last).toContain(`Fixed and verified on ${hosts.filter((host) => host.inPlace > 0).length} host`);
  if (/nothing was changed/.test(last)) expect(inPlace).toBe(0);
}

async function go(tried: Case): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-fleet-endings-'));
  try {
    const journals = createJournalStore(folder);
    const where = { journals, redactor: createRedactor() };
    const runbook = runbookFor(tried);
    const [target] = runbook.targets;
    if (target === undefined) throw new Error('it has a target');
    const stop = new AbortController();
    const abort = () => stop.abort(new ClawError('cancelled', 'interrupted by SIGINT'));
    const hosts = tried.fates.map((fate, index) => hostOf(fate, `h${index}`, abort));
    const given = { runbook, journals, who: 'tester@bench', reconnectSeconds: 0, causesWithinSeconds: 0 };
    const first = screen({ mode: 'apply' });
    const outcome = await runFleet({
      ...given,
      target,
      hosts,
      shared: {},
      forks: 1,
      signal: stop.signal,
      confirm: async () => {
        for (const host of hosts) if (host.fate === 'moves') host.move();
        return 'yes';
      },
      emit: (event) => {
        first.emit(event);
        if (event.type !== 'host.ended') return;
        const ended = hosts.find(({ name }) => name === event.host);
        if (ended?.fate === 'is the last before a stop') abort();
      },
    });
    const ends = actingEnds(hosts, tried, ({ fate }) => planEnd[fate] ?? 'not-begun');
    hold({ outcome, told: first, wasStopped: stop.signal.aborted }, hosts, ends);
    // nothing was agreed to where no host waits
    if (hosts.every(({ fate }) => planEnd[fate] !== undefined)) return;

    const leftOf = (some: readonly End[], is: (end: End) => boolean) =>
      hosts.flatMap(({ name }, index) => (is(some[index] ?? 'ok') ? [name] : [])).toSorted();
    const fleetsLeft = async (word: string) => (await hostsLeft(word, where)).toSorted();
    expect(await fleetsLeft('@failed')).toEqual(leftOf(ends, (end) => !isGood(end)));
    expect(await fleetsLeft('@not-begun')).toEqual(leftOf(ends, (end) => end === 'not-begun'));

    const past = await openFleet(outcome.run, where);
    const endOf = (run: string) => outcome.hosts.find(({ hostRun }) => hostRun === run)?.status;
    const resumed = past.runs.filter((run) => run.canResume);
    // where a host changed meanwhile, resuming it is refused again
    const resumable = [...resumed, ...past.left.filter(({ hostRun }) => endOf(hostRun) !== 'stale-plan')];
    const isTold = first.text().includes('resume: claw-run resume');
    expect(isTold, 'whether it can be resumed').toBe(resumable.length > 0);
    const canUndo = past.runs.some((run) => run.canUndo);
    expect(first.text().includes('roll back: claw-run rollback'), 'whether it can be rolled back').toBe(
      canUndo,
    );
    if (resumed.length + past.left.length === 0) return;

    for (const host of hosts) host.heal();
    const named = (name: string) =>
      hosts.find((host) => host.name === name) ?? hostOf('is fixed', name, abort);
    const second = screen({ mode: 'apply', resuming: true });
    const journal = await journals.fleets.open(outcome.run);
    await journal.take();
    const { opened } = past;
    if (opened === undefined) throw new Error('it does not tell what was agreed to');
    const again = await againOnFleet({
      fleet: outcome.run,
      startedAt: outcome.startedAt,
      forks: 1,
      emit: second.emit,
      done: past.done,
      hosts: resumed.map(({ host, run }) => ({
        host,
        hostRun: run,
        work: async () => {
          const { connection } = await named(host).connect();
          const own = await journals.open(run);
          return resume({ ...given, connections: { host: connection }, journal: own, emit: second.emit });
        },
      })),
      left: (failed) =>
        rollOutLeft({
          ...{ ...given, opened, journal, members: past.left, shared: {}, forks: 1, failed },
          emit: second.emit,
          connect: ({ host }) => named(host).connect(),
        }),
    });
    await journal.close();
    const since = [...resumed, ...past.left].map(({ host }) => named(host));
    const isResumed = (host: Host) => resumed.some((run) => run.host === host.name);
    const then = since.map((host): Host => ({ ...host, fate: host.fate === 'moves' ? 'moves' : 'is fixed' }));
    const sinceEnds = actingEnds(then, tried, (host) => (isResumed(host) ? 'ok' : 'not-begun'));
    const both = hosts.map((host, index) => sinceEnds[since.indexOf(host)] ?? ends[index] ?? 'ok');
    const all = [...past.done.map(({ host }) => named(host)), ...since];
    const allEnds = all.map((host) => both[hosts.indexOf(host)] ?? 'ok');
    expect(all.map(({ name }) => name).toSorted()).toEqual(hosts.map(({ name }) => name).toSorted());
    hold({ outcome: again, told: second, wasStopped: false }, all, allEnds);
    expect(await fleetsLeft('@failed')).toEqual(leftOf(both, (end) => !isGood(end)));
    expect(await fleetsLeft('@not-begun')).toEqual(leftOf(both, (end) => end === 'not-begun'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const seed = Number(process.env.CLAW_RUN_TEST_SEED);

test.each(fates)(
  'a fleet with a host that %s and one of any other fate is told as it ended',
  async (fate) => {
    for (const [index, other] of fates.entries()) {
      const policy = (index + seed) % 2 === 0 ? 'stop' : 'roll-back';
      await go({ fates: [fate, other], policy, stopWhenFailed: 9 }).catch((error: unknown) => {
        throw new Error(`${fate}, ${other}, ${policy}`, { cause: error });
      });
    }
  },
);

test('a fleet of many fates is told as it ended, also once it was resumed', async () => {
  const cases = fc.record({
    fates: fc.array(fc.constantFrom(...fates), { minLength: 1, maxLength: 7 }),
    policy: fc.constantFrom('stop' as const, 'roll-back' as const),
    stopWhenFailed: fc.constantFrom(1, 2, 9),
  });
  await fc.assert(fc.asyncProperty(cases, go), { numRuns: 40, seed });
});
