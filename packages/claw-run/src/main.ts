import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { commands } from './cli/commands.ts';
import { parse } from './cli/parse.ts';
import { createIo, type Io, type Outputs } from './io.ts';
import { reportError } from './report-error.ts';
import { runbookNamed } from './run/shipped-runbooks.ts';
import { version } from './version.ts';

/** Runs a command line in this process and gives its exit code. */
export async function main(argv: readonly string[], outputs?: Outputs): Promise<number> {
  if (argv[0] === 'sandbox' && argv[1] === 'openclaw') return openclaw(argv.slice(2));
  const io = createIo(process, outputs);
  let json = false;
  try {
    const named = (word: string) => runbookNamed(word, io.cwd);
    const parsed = parse(argv, process.env, (word) => named(word) !== undefined);
    if (parsed.kind === 'call') {
      const { options, typed } = parsed;
      const operands = takesRunbooks.has(parsed.command)
        ? parsed.operands.map((word) => named(word) ?? word)
        : parsed.operands;
      json = options.output === 'json' && running.has(parsed.command);
      if (options.report !== undefined)
        (await import('./report/reports.ts')).reportsOf(options.report, io.cwd);
      if (makesMuchGarbage(parsed.command, options.hosts, io.cwd)) keepYoungGarbageSmall();
      const { call } = await loaded(parsed.command);
      return await answered(io, parsed.command, await call({ io, options, operands, typed }));
    }
    io.out(parsed.kind === 'help' ? parsed.text : `${version}\n`);
    return await answered(io, undefined, 0);
  } catch (error) {
    const debug = argv.some((arg) => /^-v{3,}$/.test(arg)) || isSet(process.env.CLAW_DEBUG);
    return reportError(io, error, { json, debug });
  }
}

/** Commands whose JSON is a stream of events. */
const running: ReadonlySet<string> = new Set(['run', 'plan', 'apply', 'diagnose', 'rollback', 'resume']);

/** The code of a command: one that only answers has failed where its answer did not get out. A run ends as it ends. */
async function answered(io: Io, command: string | undefined, code: number): Promise<number> {
  if (code !== 0 || (command !== undefined && running.has(command))) return code;
  const failure = await io.outFailure?.();
  if (failure === undefined) return code;
  io.err(`claw-run: standard output cannot be written: ${failure}\n`);
  return 1;
}

/** Commands whose operands may be names of runbooks. */
const takesRunbooks: ReadonlySet<string> = new Set(['run', 'plan', 'diagnose', 'validate', 'chaos']);

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0';
}

/** Whether there may be many of something: runs, or hosts that `--hosts` names, by a list or an inventory. */
function makesMuchGarbage(command: string, hosts: string | undefined, cwd: string): boolean {
  return (
    command === 'runs' || (hosts !== undefined && (hosts.includes(',') || existsSync(resolve(cwd, hosts))))
  );
}

/**
 * Of a host or a run little is kept and much is garbage: with many of them, the room for young garbage must not grow with each (14 MiB at 50 hosts, 30 at 10,000 runs). What Node.js has
 * compiled beforehand was compiled without this flag and is compiled again, which a run on one host would pay for and gain nothing.
 */
function keepYoungGarbageSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

async function loaded(name: string) {
  const command = commands[name];
  if (command === undefined) throw new Error(`no command ${name}`);
  return command.load();
}

/** The practice cluster's `openclaw`, which its wrapper calls. */
async function openclaw(argv: readonly string[]): Promise<number> {
  const { openclawCli } = await import('@claw-run/sandbox');
  const { env, stdout, stderr } = process;
  return openclawCli(argv, { env, stdout, stderr });
}
