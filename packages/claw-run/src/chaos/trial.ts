import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runStatuses } from '@claw-run/engine';
import { type ChildOptions, type Ended, type RunningChild, runChild } from './child.ts';
import type { CommandName, Fault, Step, Trial } from './fault.ts';
import { describeDifference, differences, type Snapshot, thingOf } from './snapshot.ts';
import { openWorld, type World, type WorldOptions } from './world.ts';

/** What is known from trials without a fault. */
export interface Calm {
  /** The world once the runbook has run. */
  readonly goal: Snapshot;
  /** Parts of the world that differ between two such trials. */
  readonly unsteady: ReadonlySet<string>;
  /** Parts that a rollback does not bring back, and says so. */
  readonly kept: ReadonlySet<string>;
  readonly limitMs: number;
}

/** How a trial went. */
export interface Verdict {
  readonly trial: Trial;
  readonly held: boolean;
  /** Where it ended: at the goal and, rolled back from there, at the start; at the start; or where it said. */
  readonly end: 'goal' | 'start' | 'told' | 'lost';
  /** Whether every fault took place. */
  readonly met: boolean;
  readonly problems: readonly string[];
  readonly differences: readonly string[];
  readonly commands: readonly Ended[];
  readonly seconds: number;
}

export interface TrialOptions extends WorldOptions {
  /** The command line of each command, without what the world and the trial add. */
  readonly argsOf: (command: CommandName, world: World, folder: string) => readonly string[];
  readonly cwd: string;
}

/** The same without faults: the runbook runs, and is rolled back. */
export interface CalmTrial {
  readonly start: Snapshot;
  readonly goal: Snapshot;
  readonly back: Snapshot;
  readonly run: Ended;
  readonly rollback: Ended | undefined;
  readonly counts: { readonly [C in 'run' | 'rollback']: Counts };
}

export interface Counts {
  readonly record: number;
  readonly change: number;
  readonly request: number;
  readonly ms: number;
}

export async function tryCalm(options: TrialOptions): Promise<CalmTrial> {
  const world = await openWorld(options);
  try {
    const call = callsIn(options, { world, limitMs: 600_000 });
    const start = await world.snapshot();
    const { ended: run } = await call({ command: 'run' });
    const counts = { run: await counted(options.folder, world, run, 0), rollback: nothing };
    const goal = await world.snapshot();
    if (run.exit !== 0) return { start, goal, back: goal, run, rollback: undefined, counts };
    const { ended: rollback } = await call({ command: 'rollback' });
    counts.rollback = await counted(options.folder, world, rollback, counts.run.record);
    return { start, goal, back: await world.snapshot(), run, rollback, counts };
  } finally {
    await world.close();
  }
}

const nothing: Counts = { record: 0, change: 0, request: 0, ms: 0 };

async function counted(folder: string, world: World, { seconds }: Ended, before: number): Promise<Counts> {
  const records = (await Promise.all((await runsIn(folder)).map((run) => recordsOf(folder, run)))).flat();
  const { change, request } = world.proxy?.counted() ?? { change: 0, request: 0 };
  return { record: records.length - before, change, request, ms: Math.round(seconds * 1000) };
}

/** Carries a trial out on a world of its own, and holds its end to the start and the goal. */
export async function carryOut(trial: Trial, calm: Calm, options: TrialOptions): Promise<Verdict> {
  const began = performance.now();
  const world = await openWorld(options);
  try {
    const judged = await judge(trial, calm, { world, options });
    return { trial, ...judged, seconds: (performance.now() - began) / 1000 };
  } finally {
    await world.close();
  }
}

async function judge(
  { steps }: Trial,
  calm: Calm,
  { world, options }: { readonly world: World; readonly options: TrialOptions },
): Promise<Omit<Verdict, 'trial' | 'seconds'>> {
  const call = callsIn(options, { world, limitMs: calm.limitMs });
  const commands: Ended[] = [];
  const problems: string[] = [];
  let met = true;
  // what the last word was: done, rolled back, or neither
  let said: 'goal' | 'start' | undefined;
  const then = async (step: Step) => {
    const { ended, beside } = await call(step);
    commands.push(ended);
    problems.push(...problemsOf(ended, step));
    if (step.fault !== undefined) met &&= ended.met;
    said = saidBy(step.command, ended);
    if (beside !== undefined) {
      commands.push(beside.ended);
      problems.push(...problemsOf(beside.ended, beside).map((each) => `the second process: ${each}`));
      said = saidBy(beside.command, beside.ended) ?? said;
    }
    return ended;
  };
  const start = await world.snapshot();
  const fromStart = async () => differences(await world.snapshot(), start, calm.kept);
  const recorded = async () => (await runsIn(options.folder)).length > 0;
  let last: Ended | undefined;
  for (const step of steps) {
    // what is done needs no recovery
    if (step.fault === undefined && said === (step.command === 'rollback' ? 'start' : 'goal')) break;
    if (step.command !== 'run' && !(await recorded())) {
      if ((await fromStart()).length > 0) problems.push('nothing was recorded, and the targets were changed');
      last = await then({ command: 'run' });
      break;
    }
    last = await then(step);
  }
  if (world.proxy === undefined && commands.some(({ exit }) => exit === undefined))
    await delay(lateEffectsMs);
  const reached = said === 'goal';
  const missed = reached ? differences(await world.snapshot(), calm.goal, calm.unsteady) : [];
  if (missed.length > 0) {
    problems.push('it says that it is done, and the goal is not reached');
    return { held: false, end: 'lost', met, problems, differences: missed.map(describeDifference), commands };
  }
  for (let tries = 0; said !== 'start' && tries < 3 && (await recorded()); tries += 1)
    last = await then({ command: 'rollback' });
  const rest = await fromStart();
  const isTold = said !== 'start' && rest.every(({ name }) => names(last, thingOf(name)));
  if (rest.length > 0 && !isTold)
    problems.push(
      said === 'start'
        ? 'it says that all is rolled back, and the start is not reached'
        : 'the start is not reached, and it does not say what is left',
    );
  const held = problems.length === 0;
  const end = !held ? 'lost' : rest.length > 0 ? 'told' : reached ? 'goal' : 'start';
  return { held, end, met, problems, differences: rest.map(describeDifference), commands };
}

/** What a command that ended says of the targets. */
function saidBy(command: CommandName, { exit }: Ended): 'goal' | 'start' | undefined {
  if (exit === 0) return command === 'rollback' ? 'start' : 'goal';
  return exit === runStatuses['rolled-back'].exit ? 'start' : undefined;
}

/** For what a command does that nobody looks at any more. */
const lateEffectsMs = 1_000;

/** Whether what a command printed has the name of a thing in it. */
function names(ended: Ended | undefined, thing: string): boolean {
  const name = thing.split(/[ /]/).at(-1) ?? thing;
  return ended?.output.includes(name) === true;
}

interface Called {
  readonly ended: Ended;
  /** The second process of faults that start one. */
  readonly beside?: { readonly command: CommandName; readonly ended: Ended } | undefined;
}

function callsIn(options: TrialOptions, { world, limitMs }: { world: World; limitMs: number }) {
  const { argsOf, folder, cwd, signal } = options;
  let number = 0;
  const child = (name: string, command: CommandName, more: Partial<ChildOptions> = {}) => {
    const args = argsOf(command, world, folder);
    return runChild({ args, env: childEnv(world.env), cwd, folder, name, limitMs, signal, ...more });
  };
  return async ({ command, fault }: Step): Promise<Called> => {
    number += 1;
    const name = `${number}-${command}`;
    const second = secondOf(fault);
    let other: Promise<Ended> | undefined;
    let running: RunningChild | undefined;
    world.proxy?.arm(
      fault,
      () => running?.kill('SIGKILL'),
      () => running?.met(),
    );
    const ended = await child(name, command, {
      fault,
      onStart: (started) => {
        running = started;
      },
      onMet: () => {
        if (second !== undefined) other ??= child(`${name}-second`, second);
      },
    });
    return {
      ended,
      beside: other && second && { command: second, ended: await other },
    };
  };
}

function secondOf(fault: Fault | undefined): CommandName | undefined {
  const [, command] = /^second-(.+)$/.exec(fault?.kind ?? '') ?? [];
  return command as CommandName | undefined;
}

function childEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(env).filter(([name]) => !name.startsWith('CLAW_'));
  return { ...Object.fromEntries(own), NO_COLOR: '1', CI: '1' };
}

const known: ReadonlySet<number> = new Set(Object.values(runStatuses).map(({ exit }) => exit));

/** What no process may do, whatever it meets. */
function problemsOf(
  { exit, signal, hung, output, seconds }: Ended,
  { command, fault }: Step,
): readonly string[] {
  const problems: string[] = [];
  if (hung) problems.push(`${command} hangs: it had not ended after ${Math.round(seconds)} s`);
  else if (signal !== undefined && fault === undefined) problems.push(`${command} was ended by ${signal}`);
  if (exit !== undefined && !known.has(exit)) problems.push(`${command} ends with ${exit}`);
  if (/\n\s+at .+:\d+:\d+\)?(\n|$)/.test(output)) problems.push(`${command} prints a stack trace`);
  return problems;
}

/** The runs that have a record, in their order. */
async function runsIn(folder: string): Promise<readonly string[]> {
  const names = (await readdir(join(folder, 'state', 'runs')).catch(() => [])).sort();
  const withRecords = await Promise.all(
    names.map(async (name) => ((await recordsOf(folder, name)).length > 0 ? [name] : [])),
  );
  return withRecords.flat();
}

async function recordsOf(folder: string, run: string): Promise<readonly string[]> {
  const path = join(folder, 'state', 'runs', run, 'journal.jsonl');
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1);
}
