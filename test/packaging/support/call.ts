import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';

export interface Called {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Calling {
  readonly cwd?: string;
  /** Beside what tests inherit; what belongs to package managers and to this workspace is not inherited. */
  readonly env?: { readonly [name: string]: string };
  /** The program may end with another exit code than 0. */
  readonly mayFail?: boolean;
}

/** The program of npm, to be run by any Node.js. */
export const npm = programOf('npm', 'npm-cli.js');

/** Runs a program to its end. @throws Error with all that it printed, where it fails and may not */
export async function call(
  program: string,
  words: readonly string[],
  { cwd = process.cwd(), env = {}, mayFail = false }: Calling = {},
): Promise<Called> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|CLAW_|NODE_(OPTIONS|ENV|PATH)|VITEST|KUBE)/i.test(name),
  );
  const { exitCode, stdout, stderr } = await execa(program, words, {
    cwd,
    env: { ...Object.fromEntries(inherited), ...env },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    stripFinalNewline: false,
    timeout: 240_000,
  });
  const exit = exitCode ?? -1;
  if (exit !== 0 && !mayFail)
    throw new Error(`${[program, ...words].join(' ')} ended with ${exit}:\n${stdout}\n${stderr}`);
  return { exit, stdout, stderr };
}

function programOf(name: string, file: string): string {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const found = join(folder, name);
    if (!existsSync(found)) continue;
    const real = realpathSync(found);
    if (real.endsWith(file)) return real;
    const beside = join(dirname(real), file);
    if (existsSync(beside)) return beside;
  }
  throw new Error(`${name} is not on PATH`);
}
