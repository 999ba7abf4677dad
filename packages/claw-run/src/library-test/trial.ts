import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { launcher } from '../run/launcher.ts';
import type { Message, Progress, Tested, TrialSettings } from './protocol.ts';

export interface TrialOptions {
  /** `vitest/node` of the library, absolute. */
  readonly vitest: string;
  readonly settings: TrialSettings;
  /** A folder of this trial alone. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Is told all of a unit at once; units are tried one after the other. */
  readonly tell: (unit: string, told: readonly Tested[]) => void;
  /** Is told each test as soon as it has ended. */
  readonly progress: (path: readonly string[]) => void;
}

/** A test that ended the process, or was ended with it. */
interface Fallen {
  readonly path: readonly string[];
  readonly law: string;
  readonly because: string;
  /** All other tests were run. */
  readonly ended: boolean;
}

/**
 * Tries a library in a process of its own, and tells each unit once all of it is known. A test that does not end, or takes the process with it, is told as
 * failed, and the units that are not known yet are tried in another process.
 */
export async function tryInVitest(options: TrialOptions): Promise<void> {
  const { settings } = options;
  const known = byUnit(options.tell);
  let remaining: readonly string[] | undefined = settings.units;
  for (;;) {
    const { units, fallen } = await oneProcess({
      ...options,
      settings: { ...settings, ...(remaining === undefined ? {} : { units: remaining }) },
      tell(message) {
        if (message.told === 'test') options.progress(message.path);
        known.tell(message);
      },
    });
    if (fallen === undefined) return known.end();
    const { path, because, law, ended } = fallen;
    const [unit = `module ${settings.name}`] = path;
    if (!ended) known.drop(unit);
    const of = { told: 'test', warnings: [], ms: 0 } as const;
    known.tell({ ...of, path, state: 'failed', faults: [{ message: because, law }] });
    if (!ended) known.tell({ ...of, path: [unit, 'the rest'], state: 'skipped', note: lost, faults: [] });
    known.end();
    remaining = units.filter((each) => each !== unit && !known.has(each));
    if (ended || remaining.length === 0) return;
  }
}

const lost = 'its process was ended by force';

/** Holds back what is told of a unit until something is told of another: units are tried one after the other. */
function byUnit(tell: TrialOptions['tell']) {
  const done = new Set<string>();
  let held: { readonly unit: string; readonly told: Tested[] } | undefined;
  const end = () => {
    if (held === undefined) return;
    const { unit, told } = held;
    held = undefined;
    done.add(unit);
    tell(unit, told);
  };
  return {
    end,
    has: (unit: string) => done.has(unit),
    tell(message: Message) {
      if (message.told !== 'test' && message.told !== 'suite') return;
      const [unit = ''] = message.path;
      if (held?.unit !== unit) end();
      held ??= { unit, told: [] };
      held.told.push(message);
    },
    /** Forgets what is held, unless it is of this unit: it is tried again. */
    drop(unit: string) {
      if (held?.unit !== unit) held = undefined;
    },
  };
}

/** How much longer than a test may take it is waited until its process is ended: vitest ends those that still listen. */
const graceMs = 3000;

async function oneProcess({
  vitest,
  settings,
  folder,
  env,
  signal,
  tell,
}: Omit<TrialOptions, 'progress' | 'tell'> & { readonly tell: (message: Message) => void }): Promise<{
  readonly units: readonly string[];
  readonly fallen: Fallen | undefined;
}> {
  const root = join(folder, 'run');
  // what a test leaves behind when it is ended by force is gone with the folder
  const temporary = join(folder, 'tmp');
  await mkdir(root, { recursive: true });
  await mkdir(temporary, { recursive: true });
  const file = join(root, 'settings.json');
  await writeFile(file, JSON.stringify(settings));
  await writeFile(settings.progress, JSON.stringify({ at: Date.now(), timeout: 600_000 } satisfies Progress));
  await writeFile(join(root, 'library.test.mjs'), testFile(program('library-worker'), file));
  let units: readonly string[] = [];
  let ended = false;
  let broken: readonly string[] = [];
  let fallen: Fallen | undefined;
  const child = fork(program('library-runner'), [vitest, root, String(settings.limitMs)], {
    cwd: dirname(settings.module),
    env: { ...env, TMPDIR: temporary, NO_COLOR: '1', FORCE_COLOR: '0', NODE_NO_WARNINGS: '1', CI: '1' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // a group of its own: workers are ended with it, and Ctrl-C is ours to deal with
    detached: true,
    execArgv: [],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-4000);
  });
  child.on('message', (message: Message) => {
    if (fallen !== undefined || signal.aborted) return;
    if (message.told === 'units') units = message.units;
    if (message.told === 'end') ended = true;
    if (message.told === 'ran') clearInterval(watch);
    if (message.told === 'broken') broken = message.faults.map((fault) => fault.message);
    else tell(message);
  });
  const stop = () => killGroup(child);
  signal.addEventListener('abort', stop);
  const watch = setInterval(async () => {
    const now = await progressOf(settings.progress);
    if (now === undefined || fallen !== undefined || Date.now() - now.at < now.timeout + graceMs) return;
    fallen = {
      path: now.path ?? [`module ${settings.name}`, 'the tests'],
      law: 'it ends in time',
      because: late(now.timeout),
      ended: false,
    };
    killGroup(child);
  }, 250);
  try {
    if (signal.aborted) stop();
    await once(child, 'close');
  } finally {
    clearInterval(watch);
    signal.removeEventListener('abort', stop);
    killGroup(child);
  }
  signal.throwIfAborted();
  if (fallen === undefined && (!ended || broken.length > 0)) {
    const under = (await progressOf(settings.progress))?.path;
    const path = under ?? [`module ${settings.name}`, 'can be tried'];
    const printed = said.trim() === '' ? '' : `: ${said.trim()}`;
    const because =
      under === undefined
        ? (broken[0] ?? `vitest did not begin${printed}`)
        : 'it ended the process that tried it';
    // where a test was under way, those after it were not run
    fallen = { path, law: 'it can be tried', because, ended: ended && under === undefined };
  }
  return { units, fallen };
}

function late(ms: number): string {
  return `it did not end within ${ms / 1000} s and was ended by force (--law-timeout)`;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it is gone
  }
}

async function progressOf(file: string): Promise<Progress | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Progress;
  } catch {
    // being written
    return undefined;
  }
}

/** A program of ours that is a file of its own in the bundle. */
function program(name: 'library-runner' | 'library-worker'): string {
  return join(dirname(dirname(launcher())), 'dist', `${name}.cjs`);
}

/** Everything is loaded as `claw-run --library` does it: by Node.js, and not as vitest would transform it. */
function testFile(worker: string, settings: string): string {
  return `import { createRequire } from 'node:module';
await createRequire(import.meta.url)(${JSON.stringify(worker)}).tryLibrary(${JSON.stringify(settings)});
`;
}
