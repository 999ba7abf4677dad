import { spawnSync } from 'node:child_process';

/** A command under measurement. */
export interface Candidate {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Done before each round, outside the time. */
  readonly prepare?: (round: number) => void;
}

/** Wall times in milliseconds of whole processes, run in turns so that noise meets all of them alike. */
export function interleaved(candidates: readonly Candidate[], rounds: number): ReadonlyMap<string, number> {
  const times = new Map(candidates.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds + 1; round += 1) {
    for (const { name, argv, env, prepare } of candidates) {
      prepare?.(round);
      const [file = '', ...args] = argv;
      const start = performance.now();
      const { status, stderr } = spawnSync(file, args, {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const took = performance.now() - start;
      if (status !== 0) throw new Error(`${name} exited ${status}: ${stderr}`);
      if (round > 0) times.get(name)?.push(took);
    }
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
