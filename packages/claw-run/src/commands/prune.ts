import { ClawError } from '@claw-run/core';
import {
  createJournalStore,
  foldFleet,
  type JournalStore,
  type RunSummary,
  runSummaries,
} from '@claw-run/engine';
import { parseDuration } from '@claw-run/runbook';
import { UsageError } from '../cli/usage-error.ts';
import { answerJson, type Context, outputOf } from '../context.ts';
import { count } from '../render/style.ts';
import { stateFolder } from '../run/state-folder.ts';

/**
 * `claw-run runs prune --older-than 30d`: removes the journals of runs of long ago, and with them their secrets. A run that can still be resumed, one that a
 * process has and one whose journal is damaged stay, unless forced: then only those of living processes do.
 */
export async function prune(context: Context): Promise<number> {
  const { io, options } = context;
  const store = createJournalStore(stateFolder(context));
  const limits = limitsOf(context);
  const chosen = choose(await runSummaries(store), { ...limits, force: options.force === true });
  const words = `${count(chosen.length, 'run')} begun before ${new Date(limits.before).toISOString().slice(0, 10)}`;
  if (chosen.length > 0 && options.yes !== true) {
    if (!io.canAsk) {
      io.err(
        `claw-run: approval needed to remove ${words}, and no terminal to ask on\n  approve with --yes\n`,
      );
      return 12;
    }
    const { agree } = await import('../prompt.ts');
    if (!(await agree(io, `Remove ${words}? They can not be rolled back any more.`))) return 8;
  }
  const removed: string[] = [];
  const kept: { run: string; problem: string }[] = [];
  for (const { run } of chosen) {
    try {
      await store.remove?.(run);
      removed.push(run);
    } catch (error) {
      if (!(error instanceof ClawError)) throw error;
      kept.push({ run, problem: error.message });
    }
  }
  const left = await store.list();
  await store.summaries?.retain?.(left);
  await pruneFleets(store, { removed, left, before: limits.before });
  if (outputOf(context) === 'json') answerJson(context, { removed, kept });
  else {
    io.out(`${count(removed.length, 'run')} removed.\n`);
    for (const { run, problem } of kept) io.err(`claw-run: ${run} stays: ${problem}\n`);
  }
  return kept.length > 0 ? 1 : 0;
}

interface Limits {
  /** Milliseconds since 1970. */
  readonly before: number;
  /** How many of the latest stay in any case. */
  readonly keep: number;
}

function limitsOf({ options }: Context): Limits {
  const { olderThan, keep = '0' } = options;
  if (olderThan === undefined)
    throw new UsageError('runs prune needs to know how old', 'claw-run runs prune --older-than 30d');
  const seconds = parseDuration(olderThan, Number.POSITIVE_INFINITY);
  if (seconds === undefined)
    throw new UsageError(`--older-than does not understand ${JSON.stringify(olderThan)}`, 'as 30d or 12h');
  if (!/^\d{1,9}$/.test(keep)) throw new UsageError(`--keep takes a number, not ${JSON.stringify(keep)}`);
  return { before: Date.now() - seconds * 1000, keep: Number(keep) };
}

function choose(
  runs: readonly RunSummary[],
  { before, keep, force }: Limits & { readonly force: boolean },
): readonly RunSummary[] {
  const old = runs.slice(0, Math.max(0, runs.length - keep));
  return old.filter((summary) => {
    const begun = begunAt(summary);
    const isDone = !summary.canResume && summary.status !== 'damaged';
    return begun !== undefined && begun < before && summary.status !== 'running' && (isDone || force);
  });
}

/** When a run began; by its id, where its journal does not say. */
function begunAt({ startedAt, run }: Pick<RunSummary, 'startedAt' | 'run'>): number | undefined {
  const [, y, mo, d, h, mi, s] = /^[rf](\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)/.exec(run) ?? [];
  const ms = Date.parse(startedAt === '' ? `${y}-${mo}-${d}T${h}:${mi}:${s}Z` : startedAt);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The journal of a fleet goes with the last of its runs; one in which no host was to act, once it is old. */
async function pruneFleets(
  store: JournalStore,
  {
    removed,
    left,
    before,
  }: { readonly removed: readonly string[]; readonly left: readonly string[]; readonly before: number },
): Promise<void> {
  const fleets = new Set(removed.flatMap((run) => fleetOf(run)));
  const living = new Set(left.flatMap((run) => fleetOf(run)));
  for (const fleet of await store.fleets.list())
    if (!living.has(fleet) && (fleets.has(fleet) || (isOld(fleet, before) && (await isIdle(store, fleet)))))
      await store.fleets.remove?.(fleet).catch(() => undefined);
}

function isOld(fleet: string, before: number): boolean {
  const begun = begunAt({ startedAt: '', run: fleet });
  return begun !== undefined && begun < before;
}

async function isIdle({ fleets }: JournalStore, fleet: string): Promise<boolean> {
  const journal = await fleets.open(fleet).catch(() => undefined);
  await journal?.close();
  return journal !== undefined && foldFleet(journal.records).opened?.members.length === 0;
}

/** The fleet that a run's id says it is a part of. */
function fleetOf(run: string): readonly string[] {
  const [, rest] = /^r(\d{8}t\d{6}-[0-9a-f]+)-/.exec(run) ?? [];
  return rest === undefined ? [] : [`f${rest}`];
}
