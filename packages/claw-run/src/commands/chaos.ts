import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ClawError, type Runbook } from '@claw-run/core';
import { keepArtifacts } from '../chaos/artifacts.ts';
import { allTrials, drawn } from '../chaos/draw.ts';
import {
  type CommandName,
  describeTrial,
  type FaultKind,
  faultKinds,
  parseTrial,
  type Trial,
} from '../chaos/fault.ts';
import { jsonOfVerdict, tellSum, tellVerdict } from '../chaos/render.ts';
import { describeDifference, differences } from '../chaos/snapshot.ts';
import {
  type Calm,
  type CalmTrial,
  carryOut,
  type TrialOptions,
  tryCalm,
  type Verdict,
} from '../chaos/trial.ts';
import type { World } from '../chaos/world.ts';
import { commands } from '../cli/commands.ts';
import { type FlagName, listOf, type Options } from '../cli/flags.ts';
import { wordsOf } from '../cli/follow-up.ts';
import { UsageError } from '../cli/usage-error.ts';
import { answerJson, type Context, outputOf } from '../context.ts';
import { createStatusLine } from '../render/status-line.ts';
import { count, plain, seconds } from '../render/style.ts';
import { watchInterrupts } from '../run/interrupt.ts';
import { loadLibraryFor } from '../run/load-library.ts';
import { openRunbook } from '../run/open-runbook.ts';
import { withLibrariesOf } from '../run/runbook-libraries.ts';

/** `claw-run chaos RUNBOOK`: trials with faults, held to the goal and the start of trials without. */
export async function call(given: Context): Promise<number> {
  const [file = ''] = given.operands;
  const context = await withLibrariesOf(file, given);
  const settings = settingsOf(context);
  const library = await loadLibraryFor(file, context.options.library, context.io.cwd);
  const runbook = await openRunbook(file, library, context);
  assertMayTry(runbook, context);
  const interrupt = watchInterrupts(context, 'stopping; the trials in hand are given up');
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-chaos-'));
  try {
    return await tried({ file, runbook, context, folder, signal: interrupt.signal, ...settings });
  } finally {
    interrupt.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Settings {
  readonly seed: number;
  readonly number: number;
  readonly kinds: readonly FaultKind[];
  readonly only: readonly Trial[];
  readonly jobs: number;
  readonly scenarios: readonly string[];
}

interface Chaos extends Settings {
  readonly file: string;
  readonly runbook: Runbook;
  readonly context: Context;
  readonly folder: string;
  readonly signal: AbortSignal;
}

async function tried(chaos: Chaos): Promise<number> {
  const { context, seed, kinds, number, only, jobs } = chaos;
  const { io, options } = context;
  const json = outputOf(context) === 'json';
  const began = performance.now();
  const status = createStatusLine(io, options.quiet === true || !io.live);
  const say = (text: string) => {
    if (options.quiet !== true && !json) io.err(`${plain(text)}\n`);
  };
  status.show('the runbook runs without a fault, twice …');
  const calm = await calmOf(chaos);
  status.clear();
  const all = only.length > 0 ? only : allTrials(calm.first.counts, kinds, seed);
  const trials = only.length > 0 ? only : drawn(all, number, seed);
  if (options.list === true) {
    for (const trial of trials)
      if (json) answerJson(context, { trial: trial.id, summary: describeTrial(trial) });
      else io.out(`${trial.id}  ${describeTrial(trial)}\n`);
    return 0;
  }
  const { run, rollback } = calm.first.counts;
  say(
    `without a fault: run ${seconds(run.ms)}, ${count(run.record, 'record')}; rollback ${seconds(rollback.ms)}, ${count(rollback.record, 'record')}`,
  );
  say(`${trials.length} of ${count(all.length, 'trial')}, ${jobs} at a time, --seed ${seed}`);
  const verdicts: Verdict[] = [];
  const quarter = Math.ceil(trials.length / 4);
  const progress = (text: string) => {
    if (io.live) status.show(`${text} …`);
    else if (verdicts.length % quarter === 0 && verdicts.length < trials.length) say(text);
  };
  const told = async (verdict: Verdict, from: string) => {
    verdicts.push(verdict);
    const script = verdict.held
      ? undefined
      : await keepArtifacts(verdict, {
          from,
          to: resolve(io.cwd, options.artifacts ?? 'chaos'),
          again: againOf(chaos),
          cwd: io.cwd,
        });
    status.clear();
    if (json) answerJson(context, jsonOfVerdict(verdict, script));
    else if (script !== undefined) tellVerdict(verdict, context, script);
    const lost = verdicts.filter(({ held }) => !held).length;
    progress(`${verdicts.length} of ${trials.length} tried, ${lost === 0 ? 'all held' : `${lost} not held`}`);
  };
  if (calm.verdict !== undefined) await told(calm.verdict, join(chaos.folder, 'calm-1'));
  const queue = trials.entries();
  const work = async () => {
    for (const [index, trial] of queue) {
      const options = await optionsOf(chaos, `trial-${index}`);
      await told(await carryOut(trial, calm, options), options.folder);
      await rm(options.folder, { recursive: true, force: true, maxRetries: 5 });
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  status.clear();
  const held = verdicts.filter((each) => each.held).length;
  if (json)
    answerJson(context, { held, of: verdicts.length, seed, seconds: (performance.now() - began) / 1000 });
  else tellSum(verdicts, context, performance.now() - began);
  return held === verdicts.length ? 0 : 1;
}

/** Two trials without a fault: what they come to, and what of it is never the same. @throws ClawError where there is nothing to be tried */
async function calmOf(
  chaos: Chaos,
): Promise<Calm & { readonly first: CalmTrial; readonly verdict: Verdict | undefined }> {
  const one = async (name: string) => tryCalm(await optionsOf(chaos, name));
  const first = await one('calm-1');
  assertWorks(first, chaos);
  const second = await one('calm-2');
  assertWorks(second, chaos);
  const unsteady = new Set(differences(first.goal, second.goal).map(({ name }) => name));
  const left = [first, second].flatMap(({ back, start }) => differences(back, start));
  const kept = new Set(left.map(({ name }) => name));
  const limitMs = Math.max(120_000, 15 * Math.max(first.counts.run.ms, first.counts.rollback.ms));
  return { goal: first.goal, unsteady, kept, limitMs, first, verdict: verdictOf(first) };
}

/** A rollback that says that all is rolled back, and is not, does not hold without any fault. */
function verdictOf({ back, start, run, rollback }: CalmTrial): Verdict | undefined {
  const left = differences(back, start);
  if (left.length === 0 || rollback?.exit !== 0) return undefined;
  return {
    trial: parseTrial('run/rollback'),
    held: false,
    end: 'lost',
    met: true,
    problems: ['without any fault, it says that all is rolled back, and the start is not reached'],
    differences: left.map(describeDifference),
    commands: [run, rollback],
    seconds: run.seconds + rollback.seconds,
  };
}

function assertWorks({ run, goal, start }: CalmTrial, { scenarios }: Chaos): void {
  if (run.exit !== 0)
    throw new ClawError(
      'action-failed',
      `without any fault the run ends with ${run.signal ?? run.exit}, so nothing can be tried`,
      { hint: `it printed:\n${run.output.trimEnd().split('\n').slice(-15).join('\n')}` },
    );
  if (differences(goal, start).length === 0)
    throw new ClawError('action-failed', 'the run changes nothing here, so there is nothing to be tried', {
      hint:
        scenarios.length === 0
          ? '--reset has to bring the incident back'
          : 'name scenarios that are broken with --sandbox; --observe shows what is changed on hosts',
    });
}

async function optionsOf(chaos: Chaos, name: string): Promise<TrialOptions> {
  const { context, runbook, scenarios, signal } = chaos;
  const folder = join(chaos.folder, name);
  await mkdir(folder, { mode: 0o700 });
  return {
    context,
    runbook,
    scenarios,
    folder,
    signal,
    cwd: context.io.cwd,
    argsOf: (command, world, own) => argsOf(chaos, command, world, own),
  };
}

/** The command line of one process of claw-run. */
function argsOf({ file, context }: Chaos, command: CommandName, { options }: World, folder: string) {
  const taken = new Set<FlagName>(commands[command]?.flags);
  const given = merged(options, context.options);
  const own: Options = {
    ...given,
    yes: true,
    stateDir: join(folder, 'state'),
    keyFile: join(folder, 'key'),
  };
  const words = (Object.keys(own) as FlagName[])
    .filter((name) => taken.has(name) && !ofChaos.has(name))
    .flatMap((name) => wordsOf(name, own));
  return [command, ...(command === 'run' ? [file] : []), ...words];
}

/** Flags that mean these trials, and not the processes that are tried. */
const ofChaos: ReadonlySet<FlagName> = new Set(['sandbox', 'timeout', 'output', 'quiet']);

/** What the world says comes first; of lists, what the command line says comes behind it. */
function merged(world: Options, given: Options): Options {
  const lists = (['target', 'param'] as const).map((name) => [
    name,
    [...(world[name] ?? []), ...(given[name] ?? [])],
  ]);
  return { ...given, ...world, ...Object.fromEntries(lists) };
}

/** This very call, for one trial. */
function againOf({ context, file, seed }: Chaos): readonly string[] {
  const names = (commands.chaos?.flags ?? []).filter(
    (name) => !['trial', 'trials', 'seed', 'list'].includes(name),
  );
  const words = names.flatMap((name) => wordsOf(name, context.typed));
  return ['claw-run', 'chaos', file, ...words, '--seed', String(seed)];
}

/** @throws UsageError */
function settingsOf({ options }: Context): Settings {
  const scenarios = listOf(options.sandbox);
  const wanted = listOf(options.faults);
  const unknown = wanted.find((kind) => !Object.hasOwn(faultKinds, kind));
  if (unknown !== undefined)
    throw new UsageError(
      `there are no faults of the kind ${JSON.stringify(unknown)}`,
      `there are: ${Object.keys(faultKinds).join(', ')}`,
    );
  const kinds = (wanted.length > 0 ? wanted : Object.keys(faultKinds)) as FaultKind[];
  return {
    scenarios,
    kinds,
    only: (options.trial ?? []).map(parseTrial),
    number: options.trials === 'all' ? Number.POSITIVE_INFINITY : wholeNumber('--trials', options.trials, 50),
    seed: wholeNumber('--seed', options.seed, Math.floor(Math.random() * 1_000_000)),
    jobs:
      scenarios.length === 0 ? 1 : wholeNumber('--jobs', options.jobs, Math.min(4, availableParallelism())),
  };
}

function wholeNumber(flag: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text) || (flag !== '--seed' && Number(text) < 1))
    throw new UsageError(`${flag} takes a whole number, not ${JSON.stringify(text)}`);
  return Number(text);
}

/** Trials leave their targets in any state. @throws UsageError */
function assertMayTry({ targets }: Runbook, { options }: Context): void {
  if (options.params === '-')
    throw new UsageError('each trial reads the parameters again: give a file with --params FILE');
  if (targets.some(({ many }) => many === true))
    throw new UsageError('chaos tries a runbook on one host: bind its target with --target NAME=HOST');
  if (listOf(options.sandbox).length > 0) return;
  if (options.iCanLoseThisTarget !== true)
    throw new UsageError(
      'trials leave their targets in any state',
      'try it on a sandbox (--sandbox SCENARIO), or say --i-can-lose-this-target',
    );
  if (options.reset === undefined)
    throw new UsageError(
      '--reset is missing: the command that puts the targets back to their start before each trial',
      'as --reset ./reset.sh',
    );
  if (options.observe === undefined && targets.some(({ kind }) => kind === 'host'))
    throw new UsageError(
      '--observe is missing: the command that prints the state of the hosts, a thing a line',
      "as --observe 'ssh root@test-01 cat /etc/motd'",
    );
}
