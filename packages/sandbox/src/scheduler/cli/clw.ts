import { parseArgs } from 'node:util';
import type { Session } from './client.ts';
import { commands } from './commands.ts';
import { Failure, UsageError } from './failure.ts';
import { readIdentity, runInContainer } from './identity.ts';
import { readSettings } from './settings.ts';

export interface ClwStreams {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

const USAGE = `Usage: clw COMMAND [--server URL] [--format text|json]
  login [--username USER] [--password-stdin]    logout    token    whoami
  submit FILE [--wait]    validate FILE    status [ID]    cancel ID    list
  queues    health    groups [USER]
`;

const FLAGS = {
  server: { type: 'string' },
  format: { type: 'string', default: 'text' },
  username: { type: 'string' },
  'password-stdin': { type: 'boolean', default: false },
  wait: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** The scheduler's command line. Resolves with the exit code: 0, 1 (one line on stderr), 2 for a usage error. */
export async function clwMain(argv: readonly string[], streams: ClwStreams): Promise<number> {
  const { env, stdout, stderr } = streams;
  try {
    const { values, positionals } = parse(argv);
    const [name, ...operands] = positionals;
    if (values.help || name === undefined) {
      (values.help ? stdout : stderr).write(USAGE);
      return values.help ? 0 : 2;
    }
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) throw new UsageError(`there is no command '${name}'`);
    const { least, most } = command.operands;
    if (operands.length < least || operands.length > most)
      throw new UsageError(`'${name}' takes ${most === 0 ? 'nothing more' : command.operands.what}`);
    if (values.format !== 'text' && values.format !== 'json')
      throw new UsageError(`unknown format '${values.format}': text or json`);
    for (const flag of ['username', 'password-stdin', 'wait'] as const) {
      const isGiven = values[flag] !== undefined && values[flag] !== false;
      if (isGiven && !command.flags.includes(flag))
        throw new UsageError(`--${flag} does not go with '${name}'`);
    }
    const settings = await readSettings(env);
    if (settings.site.container === 'root') {
      const code = runInContainer(env);
      if (code !== undefined) return code;
    }
    const session: Session = {
      settings,
      identity: readIdentity(env),
      env,
      now: () => new Date(),
      given: values.server,
    };
    const { username, wait, 'password-stdin': passwordStdin } = values;
    const told = await command.run(session, { operands, username, wait, passwordStdin, streams });
    stdout.write(values.format === 'json' ? `${JSON.stringify(told.json)}\n` : told.text);
    return told.failed === undefined ? 0 : fail(stderr, told.failed);
  } catch (error) {
    if (error instanceof UsageError) {
      stderr.write(`clw: ${error.message}\n${USAGE}`);
      return 2;
    }
    const message = error instanceof Error ? error.message : String(error);
    return fail(stderr, error instanceof Failure ? error : new Failure('clw-failed', message));
  }
}

function fail(stderr: ClwStreams['stderr'], { message }: Failure): number {
  stderr.write(`${message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  return 1;
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
