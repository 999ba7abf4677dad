// The process that runs vitest on one generated file, and tells by messages what comes of it. What is printed here is not ours.
import { pathToFileURL } from 'node:url';
import type { Message, TestFault } from './protocol.ts';

/** The parts of vitest that are used: of the version that the library has, which is none of our dependencies. */
interface Vitest {
  readonly startVitest: (
    mode: 'test',
    filters: readonly string[],
    options: object,
    viteOptions: object,
  ) => Promise<{ readonly close: () => Promise<void> } | undefined>;
}

interface Entity {
  readonly type: string;
  readonly name: string;
  readonly parent?: Entity;
  readonly errors?: () => readonly unknown[];
}

interface Test extends Entity {
  readonly result: () => {
    readonly state: string;
    readonly note?: string;
    readonly errors?: readonly unknown[];
  };
  readonly diagnostic: () => { readonly duration: number } | undefined;
  readonly meta: () => { readonly claw?: { readonly warnings?: readonly string[]; readonly moot?: true } };
}

interface File extends Entity {
  readonly children: { readonly suites: () => Iterable<Entity> };
}

const tell = (message: Message) => process.send?.(message);

const reporter = {
  onTestModuleCollected(file: File) {
    tell({ told: 'units', units: [...file.children.suites()].map(({ name }) => name) });
  },
  onTestCaseResult(test: Test) {
    const { state, note, errors = [] } = test.result();
    const { warnings = [], moot } = test.meta().claw ?? {};
    if (state !== 'passed' && state !== 'failed' && state !== 'skipped') return;
    const ms = Math.round(test.diagnostic()?.duration ?? 0);
    const faults = errors.map(faultOf);
    tell({
      told: 'test',
      path: pathOf(test),
      state: moot === true && state === 'passed' ? 'moot' : state,
      ...(note === undefined ? {} : { note }),
      warnings,
      ms,
      faults,
    });
  },
  onTestSuiteResult(suite: Entity) {
    const faults = (suite.errors?.() ?? []).map(faultOf);
    if (faults.length > 0) tell({ told: 'suite', path: pathOf(suite), faults });
  },
  onTestRunEnd(files: readonly Entity[], unhandled: readonly unknown[]) {
    tell({ told: 'ran' });
    const faults = [...files.flatMap((file) => file.errors?.() ?? []), ...unhandled].map(faultOf);
    if (faults.length > 0) tell({ told: 'broken', faults });
  },
};

function pathOf(entity: Entity): readonly string[] {
  const { parent, name } = entity;
  return parent === undefined || parent.type === 'module' ? [name] : [...pathOf(parent), name];
}

function faultOf(error: unknown): TestFault {
  const { message, law, diff, hint } = (error ?? {}) as { readonly [key: string]: unknown };
  const given = (name: string, value: unknown) =>
    typeof value === 'string' && value !== '' ? { [name]: value } : {};
  return {
    message: typeof message === 'string' && message !== '' ? message : String(error),
    ...given('law', law),
    ...given('diff', diff),
    ...given('hint', hint),
  };
}

async function main(): Promise<void> {
  const [vitest = '', root = '', limit = ''] = process.argv.slice(2);
  const { startVitest } = (await import(pathToFileURL(vitest).href)) as Vitest;
  const limitMs = Number(limit);
  const running = await startVitest(
    'test',
    [],
    {
      root,
      config: false,
      watch: false,
      include: ['*.test.mjs'],
      reporters: [reporter],
      pool: 'forks',
      maxWorkers: 1,
      testTimeout: limitMs,
      hookTimeout: limitMs,
      teardownTimeout: 10_000,
      disableConsoleIntercept: true,
      passWithNoTests: true,
      sequence: { concurrent: false, shuffle: false },
    },
    { configFile: false, envFile: false, logLevel: 'silent', cacheDir: root, server: { watch: null } },
  );
  await running?.close();
}

// nobody listens any more
process.on('disconnect', () => process.exit(1));

void main()
  .catch((error: unknown) => tell({ told: 'broken', faults: [faultOf(error)] }))
  .then(() => {
    process.send?.({ told: 'end' } satisfies Message, () => process.exit(0));
  });
