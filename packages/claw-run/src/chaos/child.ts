import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launcher } from '../run/launcher.ts';
import type { Fault } from './fault.ts';
import { type FaultInProcess, faultVariable, metDescriptor, signals } from './fault-in-process.ts';

/** How a process of claw-run ended, seen from outside. */
export interface Ended {
  readonly args: readonly string[];
  /** Its exit code; nothing where a signal ended it, or the time limit. */
  readonly exit: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly hung: boolean;
  readonly seconds: number;
  /** What it printed, both outputs in their order. */
  readonly output: string;
  /** Whether the fault took place. */
  readonly met: boolean;
}

export interface ChildOptions {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Where its outputs are kept; the file `NAME.txt` of it. */
  readonly folder: string;
  readonly name: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
  readonly fault?: Fault | undefined;
  /** Is called when the fault is met that others have to carry out. */
  readonly onMet?: () => void;
  /** Is given the process once it is there. */
  readonly onStart?: (child: RunningChild) => void;
}

export interface RunningChild {
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Notes that the fault took place. */
  readonly met: () => void;
}

/** Runs claw-run as a process of its own, in a process group of its own. */
export async function runChild(options: ChildOptions): Promise<Ended> {
  const { args, fault, folder, name, limitMs, signal } = options;
  const file = join(folder, `${name}.txt`);
  const began = performance.now();
  const child = start(options, file);
  const group = child.pid === undefined ? undefined : -child.pid;
  let met = fault?.place.of === 'start';
  let hung = false;
  const note = () => {
    met = true;
  };
  child.stdio[metDescriptor]?.on('data', () => {
    note();
    options.onMet?.();
  });
  options.onStart?.({ kill: (which) => child.kill(which), met: note });
  const ended = new Promise<{ exit: number | undefined; signal: NodeJS.Signals | undefined }>(
    (resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (exit, by) => resolve({ exit: exit ?? undefined, signal: by ?? undefined }));
    },
  );
  const moment = fault?.place.of === 'moment' ? signals[fault.kind] : undefined;
  const timers = [
    setTimeout(() => {
      hung = true;
      child.kill('SIGKILL');
    }, limitMs),
    ...(moment === undefined ? [] : [setTimeout(() => child.kill(moment) && note(), fault?.place.at ?? 0)]),
  ];
  const abort = () => child.kill('SIGKILL');
  signal.addEventListener('abort', abort);
  try {
    const how = await ended;
    const seconds = (performance.now() - began) / 1000;
    signal.throwIfAborted();
    const output = await readFile(file, 'utf8').catch(() => '');
    return { args, ...how, hung, seconds, output, met };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    if (signal.aborted && group !== undefined) endGroup(group);
  }
}

function start({ args, env, cwd, fault }: ChildOptions, file: string): ChildProcess {
  const inside = fault?.place.of === 'record';
  const told: FaultInProcess | undefined = inside ? fault : undefined;
  const preload = inside ? ['--require', join(launcher(), '..', '..', 'dist', 'chaos-preload.cjs')] : [];
  const full = fault?.kind === 'output-full';
  const gone = fault?.kind === 'output-gone';
  const out = gone ? 'pipe' : openSync(full ? '/dev/full' : file, 'a');
  const child = spawn(process.execPath, [...preload, launcher(), ...args], {
    cwd,
    env: told === undefined ? env : { ...env, [faultVariable]: JSON.stringify(told) },
    stdio: ['ignore', out, out, 'pipe'],
    detached: true,
  });
  if (typeof out === 'number') closeSync(out);
  child.stdout?.destroy();
  child.stderr?.destroy();
  return child;
}

function endGroup(group: number): void {
  try {
    process.kill(group, 'SIGKILL');
  } catch {
    // it has ended
  }
}
