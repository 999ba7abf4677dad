import type { HostAction, HostRead, RefusedCommand } from '@claw-run/core';
import { commandsAsOwner } from './as-owner.ts';
import { runAsOf, runCommand } from './commands.ts';
import { followedPaths } from './followed-paths.ts';
import { userFor } from './guarded.ts';
import { quoted } from './quote.ts';
import type { Runner } from './runner.ts';
import { type Refusal, refusalOf, sudoError } from './sudo.ts';
import { parseSudoRules, wantsPassword } from './sudo-rules.ts';
import { sudoersLine } from './sudoers-line.ts';
import { commandsOfWrite, lookOf } from './write.ts';

/**
 * Which commands of these sudo would refuse, asked of `sudo -l`, which runs none of them. What it would grant for a password alone is refused where none
 * was given; where one was, it is tried.
 */
export async function refusedCommands(
  runner: Runner,
  wanted: readonly (HostRead | HostAction)[],
  signal: AbortSignal,
): Promise<readonly RefusedCommand[]> {
  const asked = wanted.filter((one) => runAsOf(one) !== undefined);
  if (asked.length === 0) return [];
  runner.usesSudo = true;
  const { uid } = await runner.identity(signal);
  if (uid === '0') return [];
  try {
    return await refusedOf(asked, { runner, signal, ask: asking(runner, signal, false) });
  } catch (error) {
    if (!(error instanceof PasswordWanted)) throw error;
  }
  if (!runner.hasPassword) return refusedAll(await commandsOf(asked, runner, signal), runner, signal);
  await runner.authenticate(signal);
  return refusedOf(asked, { runner, signal, ask: asking(runner, signal, true) });
}

/** Not even its rules are told by sudo without a password. */
class PasswordWanted extends Error {}

interface Command {
  readonly runAs: string;
  readonly words: readonly string[];
}

/** Has sudo list, by the flags and words given; its answer, nothing where it says no. */
type Ask = (words: readonly string[]) => Promise<string | undefined>;

interface Asking {
  readonly runner: Runner;
  readonly ask: Ask;
  readonly signal: AbortSignal;
}

function asking(runner: Runner, signal: AbortSignal, withPassword: boolean): Ask {
  const terminalWanted = async (refusal: Refusal) => {
    const { user } = await runner.identity(signal);
    return sudoError({ user, runAs: 'root', host: runner.host, command: 'sudo', refusal });
  };
  return async (words) => {
    const sudo = withPassword
      ? `printf '%s\\n' "$W" | ${quoted(['sudo', '-S', '-p', '', ...words])}`
      : `exec ${quoted(['sudo', '-n', ...words])} </dev/null`;
    const script = (id: string) => `${sudo} & r ${id}`;
    const result = await runner.ask({ what: `sudo ${words.join(' ')}`, script, seconds: 30, signal });
    if (result.exit === 0) return result.stdout.toString('utf8');
    const refusal = refusalOf(result);
    if (!withPassword && refusal?.because === 'password') throw new PasswordWanted();
    if (refusal?.because === 'terminal') throw await terminalWanted(refusal);
    return undefined;
  };
}

async function refusedOf(
  wanted: readonly (HostRead | HostAction)[],
  { runner, ask, signal }: Asking,
): Promise<readonly RefusedCommand[]> {
  const listed = ({ runAs, words }: Command) => ask(['-l', '-u', runAs, '--', ...words]);
  const [shell, list] = await Promise.all([listed({ runAs: 'root', words: ['sh'] }), ask(['-ll'])]);
  const rules = parseSudoRules(list ?? '');
  const wants = (command: Command) => wantsPassword(rules, command) === true;
  // a ticket that still holds is not in the list
  let ticket: Promise<boolean> | undefined;
  const isFree = async (command: Command) => {
    if (!wants(command)) return true;
    ticket ??= ask(['-v']).then(
      (answer) => answer !== undefined,
      () => false,
    );
    return ticket;
  };
  // with targetpw, rootpw or runaspw its list takes another password than its commands: a command that does nothing tells then
  if (list === undefined && runner.hasPassword && (await ask(['--', 'sh', '-c', ':'])) !== undefined) {
    await runner.authenticate(signal);
    return [];
  }
  const path = shell?.trim() || undefined;
  if (path !== undefined && (await isFree({ runAs: 'root', words: [path] }))) return [];
  if (path !== undefined && runner.hasPassword) {
    await runner.authenticate(signal);
    return [];
  }
  const commands = await commandsOf(wanted, runner, signal);
  const asked = await Promise.all(
    commands.map(async ({ runAs, words }) => {
      const { words: absolute, replaceable } = await runner.program(words, signal);
      const command = { runAs, words: absolute, replaceable };
      const allowed = (await listed(command)) !== undefined;
      return { command, allowed, free: allowed && (await isFree(command)) };
    }),
  );
  const locked = asked.some(({ allowed, free }) => allowed && !free);
  if (locked && runner.hasPassword) await runner.authenticate(signal);
  const { user } = await runner.identity(signal);
  return asked.flatMap(({ command, allowed, free }): RefusedCommand[] => {
    const refused = refusedCommand(user, command);
    if (!allowed) return [refused];
    return free || runner.hasPassword ? [] : [{ ...refused, because: 'password' }];
  });
}

async function refusedAll(
  commands: readonly Command[],
  runner: Runner,
  signal: AbortSignal,
): Promise<readonly RefusedCommand[]> {
  const { user } = await runner.identity(signal);
  return Promise.all(
    commands.map(async ({ runAs, words }) => {
      const command = { runAs, ...(await runner.program(words, signal)) };
      return { ...refusedCommand(user, command), because: 'password' } as const;
    }),
  );
}

function refusedCommand(
  user: string,
  { runAs, words, replaceable }: Command & { readonly replaceable?: string },
): RefusedCommand {
  return { user, runAs, command: quoted(words), ...sudoersLine({ user, runAs, words, replaceable }) };
}

/** What is done of root's where somebody else can change where a path leads is asked for as that user. */
async function commandsOf(
  wanted: readonly (HostRead | HostAction)[],
  runner: Runner,
  signal: AbortSignal,
): Promise<readonly Command[]> {
  const { user } = await runner.identity(signal);
  const each = wanted.map(async (one): Promise<readonly Command[]> => {
    const runAs = runAsOf(one) ?? '';
    const found = await userFor(runner, followedPaths(one), signal);
    if (found === undefined || found.user === user) return [];
    if (found.user !== 'root') return commandsAsOwner(one).map((words) => ({ runAs: found.user, words }));
    const look = found.hidden ? followedPaths(one).map(lookOf) : [];
    return [...look, ...wordsOf(one)].map((words) => ({ runAs, words }));
  });
  return distinct((await Promise.all(each)).flat());
}

function wordsOf(wanted: HostRead | HostAction): readonly (readonly string[])[] {
  if ('read' in wanted) {
    return wanted.read === 'run' ? [runCommand(wanted, { end: 'r' }).words ?? []] : [['cat', wanted.path]];
  }
  switch (wanted.do) {
    case 'run':
      return [runCommand(wanted, { end: 'a' }).words ?? []];
    case 'remove':
      return [['rm', '-f', '--', wanted.path]];
    case 'write':
      return commandsOfWrite(wanted);
  }
}

function distinct(commands: readonly Command[]): readonly Command[] {
  return [...new Map(commands.map((command) => [JSON.stringify(command), command])).values()];
}
