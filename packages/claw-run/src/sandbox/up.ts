import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ClawError, type JsonObject } from '@claw-run/core';
import { UsageError } from '../cli/usage-error.ts';
import type { Context } from '../context.ts';
import { watchInterrupts } from '../run/interrupt.ts';
import { launcher } from '../run/launcher.ts';
import { startPractice } from '../run/practice.ts';
import { stateFolder } from '../run/state-folder.ts';

/** Where background practice clusters are noted. */
export function noteFolder(context: Context): string {
  return join(stateFolder(context).path, 'sandboxes');
}

/** `sandbox up`: one line of JSON on standard output when the symptoms show, then until a signal; `--detach` leaves it behind. */
export async function up(context: Context, scenarios: readonly string[]): Promise<number> {
  const { io, options } = context;
  if (options.detach === true) return detach(context, scenarios);
  const interrupt = watchInterrupts(context);
  const world = await startWorld(context, scenarios, interrupt.signal);
  const note = join(noteFolder(context), `${process.pid}.json`);
  try {
    const said = { ...world.said, pid: process.pid };
    await mkdir(noteFolder(context), { recursive: true, mode: 0o700 });
    await writeFile(note, `${JSON.stringify({ ...said, scenarios })}\n`, { mode: 0o600 });
    io.json(said);
    if (io.canAsk && options.quiet !== true) {
      io.err(`\n  export ${world.variables}\n  Ctrl-C ends it\n`);
    }
    await new Promise<void>((done) => {
      if (interrupt.signal.aborted) done();
      interrupt.signal.addEventListener('abort', () => done(), { once: true });
      // an open practice cluster keeps the process alive by itself; this does when it is in a cluster that exists
      const alive = setInterval(() => {}, 60_000);
      interrupt.signal.addEventListener('abort', () => clearInterval(alive), { once: true });
    });
    return 0;
  } finally {
    await rm(note, { force: true });
    await world.close();
    interrupt.end();
  }
}

interface World {
  /** What a program is told. */
  readonly said: JsonObject;
  /** What a person's shell takes. */
  readonly variables: string;
  readonly close: () => Promise<void>;
}

/** The head node where the first word is `scheduler`, else the cluster. */
async function startWorld(context: Context, words: readonly string[], signal: AbortSignal): Promise<World> {
  const { io, options } = context;
  const how = { io, signal, quiet: options.quiet === true };
  const { practiceKubeconfig } = options;
  const [first, ...scenarios] = words;
  if (first === 'scheduler') {
    if (practiceKubeconfig !== undefined)
      throw new UsageError('--kubeconfig goes with the practice cluster, not with the head node');
    const { startPracticeHeadNode } = await import('../run/practice-head-node.ts');
    const { bin, params, close } = await startPracticeHeadNode(scenarios, how);
    return { said: { bin, params }, variables: `PATH=${bin}:$PATH`, close };
  }
  const sandbox = await startPractice(words, {
    ...how,
    ...(practiceKubeconfig === undefined ? {} : { kubeconfig: resolve(io.cwd, practiceKubeconfig) }),
  });
  const { bin } = sandbox;
  const kubeconfig = resolve(io.cwd, sandbox.kubeconfig);
  const variables = `KUBECONFIG=${kubeconfig} PATH=${bin}:$PATH`;
  return { said: { kubeconfig, bin }, variables, close: () => sandbox.close() };
}

/** Starts the same call in the background and waits for its line. */
async function detach(context: Context, scenarios: readonly string[]): Promise<number> {
  const { io, options } = context;
  const folder = noteFolder(context);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const name = join(folder, `starting-${process.pid}`);
  const [out, err] = await Promise.all([open(`${name}.out`, 'w', 0o600), open(`${name}.err`, 'w', 0o600)]);
  const where = options.practiceKubeconfig === undefined ? [] : ['--kubeconfig', options.practiceKubeconfig];
  const child = spawn(
    process.execPath,
    [
      launcher(),
      'sandbox',
      'up',
      ...scenarios,
      ...where,
      '--quiet',
      '--state-dir',
      stateFolder(context).path,
    ],
    { cwd: io.cwd, detached: true, stdio: ['ignore', out.fd, err.fd], env: io.env },
  );
  let ended = false;
  child.on('exit', () => {
    ended = true;
  });
  try {
    for (;;) {
      const line = await readFile(`${name}.out`, 'utf8');
      if (line.endsWith('\n')) {
        io.out(line);
        child.unref();
        return 0;
      }
      if (ended) {
        const why = (await readFile(`${name}.err`, 'utf8')).trim();
        throw new ClawError(
          'action-failed',
          `the practice cluster did not start: ${why.replace(/^claw-run: /, '')}`,
        );
      }
      await new Promise((next) => setTimeout(next, 50));
    }
  } finally {
    await Promise.all([out.close(), err.close()]);
    await Promise.all([rm(`${name}.out`, { force: true }), rm(`${name}.err`, { force: true })]);
  }
}
