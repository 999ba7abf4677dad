import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { launcher, root } from '../../support/programs.ts';

export { launcher, root };
export const fixtures = join(root, 'test/cli/fixtures');

/** How a call ended. */
export interface Ended {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of its own for one test: home, state and whatever files it needs; gone when the test is over. */
export interface Place {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly run: (args: readonly string[], options?: RunOptions) => Promise<Ended>;
  readonly start: (args: readonly string[], options?: RunOptions) => Started;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  readonly cwd?: string;
}

export interface Started {
  readonly pid: number;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Resolves when standard output and error together hold the text. */
  readonly until: (text: string) => Promise<void>;
  readonly ended: Promise<Ended>;
}

/** Makes a place. Nothing of the caller's environment is in it but PATH. */
export async function makePlace(more: NodeJS.ProcessEnv = {}): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    XDG_STATE_HOME: join(folder, 'state'),
    CLAW_LOCK_DIR: join(folder, 'locks'),
    XDG_CACHE_HOME: join(root, 'node_modules/.cache'),
    ...more,
  };
  const start = (args: readonly string[], options: RunOptions = {}) =>
    startProcess([process.execPath, launcher, ...args], {
      cwd: folder,
      ...options,
      env: { ...env, ...options.env },
    });
  return { folder, env, start, run: (args, options) => start(args, options).ended };
}

/** Starts a program and gathers what it says. */
export function startProcess(
  [program = '', ...args]: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; input?: string },
): Started {
  const child = spawn(program, args, { cwd: options.cwd, env: options.env, stdio: 'pipe' });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const said = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<Ended>((done, fail) => {
    child.on('error', fail);
    child.on('close', (exit, signal) => done({ exit, signal, ...said }));
  });
  const until = (text: string) =>
    new Promise<void>((done, fail) => {
      const look = () => {
        if (!`${said.stdout}${said.stderr}`.includes(text)) return;
        waiting.delete(look);
        done();
      };
      waiting.add(look);
      void ended.then((end) => fail(new Error(`it ended without saying ${text}: ${JSON.stringify(end)}`)));
      look();
    });
  return { pid: child.pid ?? 0, kill: (signal) => child.kill(signal), until, ended };
}

/** What differs from run to run, by stable words. */
export function normal(text: string): string {
  return text
    .replaceAll(/r\d{8}t\d{6}-[0-9a-f]{6}/g, 'RUN')
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)/g, 'TIME')
    .replaceAll(/\bby \S+@\S+$/gm, 'by WHO')
    .replaceAll(/\b\d+(\.\d+)? (ms|s)\b/g, 'N s')
    .replaceAll(/\/[^\s"']*claw-run-(cli|sandbox)-[A-Za-z0-9]+/g, 'FOLDER')
    .replaceAll(root, 'ROOT');
}

/** The events of `--output json`. */
export function eventsOf(stdout: string): readonly Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
