import type { HostAction, HostRead, RefusedCommand } from '@claw-run/core';
import { fileCommand, runAsOf, runCommand } from './commands.ts';
import { quoted } from './quote.ts';
import type { Runner } from './runner.ts';
import { refusalOf, sudoersWords } from './sudo.ts';
import { commandsOfWrite } from './write.ts';

/** Which commands of these sudo would refuse, asked of `sudo -l`, which runs none of them. */
export async function refusedCommands(
  runner: Runner,
  wanted: readonly (HostRead | HostAction)[],
  signal: AbortSignal,
): Promise<readonly RefusedCommand[]> {
  const commands = distinct(wanted.flatMap(commandsOf));
  if (commands.length === 0) return [];
  const { uid, user } = await runner.identity(signal);
  if (uid === '0') return [];
  const listed = async (runAs: string, words: readonly string[]): Promise<boolean> => {
    const argv = quoted(['sudo', '-n', '-l', '-u', runAs, '--', ...words]);
    const script = (id: string) => `exec ${argv} </dev/null >/dev/null &\nr ${id}`;
    const result = await runner.ask({ what: `sudo -l ${words.join(' ')}`, script, seconds: 30, signal });
    if (result.exit === 0) return true;
    if (refusalOf(result)?.because !== 'password') return false;
    throw new PasswordWanted();
  };
  try {
    return await refusedOf(commands, { runner, user, listed, signal });
  } catch (error) {
    if (!(error instanceof PasswordWanted)) throw error;
  }
  await runner.authenticate(signal);
  return refusedOf(commands, {
    runner,
    user,
    signal,
    listed: (runAs, words) => listed(runAs, words).catch(() => false),
  });
}

class PasswordWanted extends Error {}

interface Command {
  readonly runAs: string;
  readonly words: readonly string[];
}

interface Asking {
  readonly runner: Runner;
  readonly user: string;
  readonly listed: (runAs: string, words: readonly string[]) => Promise<boolean>;
  readonly signal: AbortSignal;
}

async function refusedOf(
  commands: readonly Command[],
  { runner, user, listed, signal }: Asking,
): Promise<readonly RefusedCommand[]> {
  if (await listed('root', ['sh'])) return [];
  const asked = await Promise.all(
    commands.map(async ({ runAs, words }) => {
      const absolute = await runner.absolute(words, signal);
      return { runAs, absolute, allowed: await listed(runAs, absolute) };
    }),
  );
  return asked.flatMap(({ runAs, absolute, allowed }) =>
    allowed ? [] : [{ user, runAs, command: sudoersWords(absolute) }],
  );
}

function commandsOf(wanted: HostRead | HostAction): readonly Command[] {
  const runAs = runAsOf(wanted);
  if (runAs === undefined) return [];
  const all = wordsOf(wanted);
  return all.map((words) => ({ runAs, words }));
}

function wordsOf(wanted: HostRead | HostAction): readonly (readonly string[])[] {
  if ('read' in wanted) {
    return wanted.read === 'run'
      ? [runCommand(wanted, { end: 'r' }).words ?? []]
      : [fileCommand(wanted, 'stat').words ?? [], fileCommand(wanted, 'content').words ?? []];
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
