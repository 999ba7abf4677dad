import { ClawError } from '@claw-run/core';
import { commands } from './cli/commands.ts';
import { parse } from './cli/parse.ts';
import { UsageError } from './cli/usage-error.ts';
import { createIo, type Io } from './io.ts';
import { version } from './version.ts';

/** Runs a command line in this process and gives its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === 'sandbox' && argv[1] === 'openclaw') return openclaw(argv.slice(2));
  const io = createIo(process);
  try {
    const parsed = parse(argv, process.env);
    if (parsed.kind === 'call') {
      const { call } = await loaded(parsed.command);
      return await call({ io, options: parsed.options, operands: parsed.operands });
    }
    io.out(parsed.kind === 'help' ? parsed.text : `${version}\n`);
    return 0;
  } catch (error) {
    return report(io, error, argv);
  }
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

function report(io: Io, error: unknown, argv: readonly string[]): number {
  if (error instanceof UsageError) {
    io.err(`claw-run: ${error.message}\n`);
    if (error.hint !== undefined) io.err(`  ${error.hint}\n`);
    return 2;
  }
  if (error instanceof ClawError) {
    io.err(`claw-run: ${error.message}\n`);
    if (error.hint !== undefined) io.err(`  ${error.hint}\n`);
    return error.code === 'locked' ? 11 : error.code === 'usage' || error.code === 'run-unknown' ? 2 : 3;
  }
  const debug = argv.some((arg) => /^-v{3,}$/.test(arg)) || process.env.CLAW_DEBUG !== undefined;
  const text = error instanceof Error ? (debug ? error.stack : error.message) : String(error);
  io.err(`claw-run: this is a bug in claw-run: ${text}\n`);
  if (!debug) io.err('  with CLAW_DEBUG=1 it tells where; please report it with that\n');
  return 70;
}
