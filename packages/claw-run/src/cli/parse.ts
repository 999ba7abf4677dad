import { nearest } from '@claw-run/runbook';
import { Command as Commander, CommanderError, Option } from 'commander';
import { commands } from './commands.ts';
import { envOf, type Flag, type FlagName, flags, type Options } from './flags.ts';
import { rootHelp } from './help.ts';
import { UsageError } from './usage-error.ts';

/** What the command line asks for. */
export type Parsed =
  | {
      readonly kind: 'call';
      readonly command: string;
      readonly operands: readonly string[];
      readonly options: Options;
      /** Those of them that were written, and not taken from the environment. */
      readonly typed: Options;
    }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' };

/**
 * Parses a command line. Flags may stand before or after the command; without a command, the operand is a runbook to run: its file, or a name that
 * `isRunbook` knows.
 * @throws UsageError
 */
export function parse(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  isRunbook: (word: string) => boolean = () => false,
): Parsed {
  const { word, rest } = firstOperand(argv);
  if (word === undefined && rest.some((arg) => arg === '--version' || arg === '-V'))
    return { kind: 'version' };
  if (word === undefined && (rest.length === 0 || rest.some((arg) => arg === '--help' || arg === '-h'))) {
    return { kind: 'help', text: rootHelp() };
  }
  if (word === 'help') return { kind: 'help', text: helpOf(rest) };
  const known = word !== undefined && Object.hasOwn(commands, word);
  if (word !== undefined && !known && !isRunbook(word)) rejectMisspelt(word);
  const name = known ? word : 'run';
  return parseCommand(name, known || word === undefined ? rest : [word, ...rest], env);
}

/** The parser of one command. */
function commanderOf(name: string): Commander {
  const command = commands[name];
  if (command === undefined) throw new Error(`no command ${name}`);
  const title = name === 'run' ? 'claw-run' : `claw-run ${name}`;
  const parser = new Commander(title)
    .usage(`${command.operands} [flags]`.trim())
    .description(command.summary)
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} })
    .configureHelp({ helpWidth: 100 })
    .helpOption('-h, --help', 'show this');
  for (const word of command.operands.split(' ').filter((each) => each !== '')) addOperand(parser, word);
  for (const each of command.flags) parser.addOption(optionOf(each));
  parser.addHelpText('after', `\nExamples:\n${command.examples.map((each) => `  ${each}`).join('\n')}`);
  return parser;
}

function parseCommand(name: string, args: readonly string[], env: NodeJS.ProcessEnv): Parsed {
  const command = commands[name];
  const parser = commanderOf(name);
  try {
    withSwitchesOff(command?.flags ?? [], env, () => parser.parse([...args], { from: 'user' }));
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return { kind: 'help', text: helpText(name) };
    throw usageOf(error, name);
  }
  const values = parser.opts();
  const given = (command?.flags ?? []).flatMap((each) => {
    const name = camel(flags[each].long);
    const value: unknown = values[name];
    return value === undefined ? [] : [{ each, value, typed: parser.getOptionValueSource(name) === 'cli' }];
  });
  const optionsOf = (some: typeof given) =>
    Object.fromEntries(some.map(({ each, value }) => [each, value])) as Options;
  return {
    kind: 'call',
    command: name,
    operands: parser.args,
    options: optionsOf(given),
    typed: optionsOf(given.filter(({ typed }) => typed)),
  };
}

function optionOf(name: FlagName): Option {
  const flag: Flag = flags[name];
  const value = flag.value === undefined ? '' : ` <${flag.value}>`;
  const option = new Option(
    `${flag.short === undefined ? '' : `-${flag.short}, `}--${flag.long}${value}`,
    flag.summary,
  );
  const env = envOf(flag);
  if (env !== undefined) option.env(env);
  if (flag.choices !== undefined) option.choices([...flag.choices]);
  if (flag.repeat === true) {
    if (flag.value === undefined)
      option.argParser((_: string, count: number | undefined) => (count ?? 0) + 1);
    else option.argParser((text: string, all: string[] | undefined) => [...(all ?? []), text]);
  }
  return option;
}

function addOperand(parser: Commander, word: string): void {
  parser.argument(word.startsWith('[') ? word : `<${word}>`);
}

/** Commander takes any value of a switch's variable for yes; `CLAW_YES=0` shall not agree to anything. */
function withSwitchesOff(names: readonly FlagName[], env: NodeJS.ProcessEnv, work: () => void): void {
  for (const name of names) {
    const flag: Flag = flags[name];
    const variable = envOf(flag);
    if (variable === undefined || flag.value !== undefined) continue;
    if (['', '0', 'false', 'no', 'off'].includes(env[variable]?.toLowerCase() ?? 'unset'))
      delete env[variable];
  }
  work();
}

/** Finds the first word that is neither a flag nor the value of one. */
function firstOperand(argv: readonly string[]): { word?: string; rest: readonly string[] } {
  for (let at = 0; at < argv.length; at += 1) {
    const arg = argv[at] ?? '';
    if (arg === '--') return { rest: argv };
    if (arg === '-' || !arg.startsWith('-')) return { word: arg, rest: argv.toSpliced(at, 1) };
    if (takesNext(arg)) at += 1;
  }
  return { rest: argv };
}

function takesNext(arg: string): boolean {
  const all: readonly Flag[] = Object.values(flags);
  if (arg.startsWith('--')) return all.some((flag) => flag.value !== undefined && arg === `--${flag.long}`);
  const taking = all.flatMap(({ short, value }) =>
    short === undefined || value === undefined ? [] : [short],
  );
  // what follows a flag with a value in the same word is that value
  return (
    taking.includes(arg.at(-1) ?? '') && ![...arg.slice(1, -1)].some((letter) => taking.includes(letter))
  );
}

function rejectMisspelt(word: string): void {
  if (/[./\\]/.test(word) || word === '-') return;
  const guess = nearest(word, [...Object.keys(commands), 'help']);
  throw new UsageError(
    `there is no command ${JSON.stringify(word)}${guess === undefined ? '' : `; did you mean ${guess}?`}`,
    `claw-run --help lists the commands, claw-run list the runbooks; another runbook is given by its path, as ./${word}`,
  );
}

function usageOf(error: CommanderError, command: string): UsageError {
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)/s, '; did you mean $1?');
  const help = command === 'run' ? 'claw-run run --help' : `claw-run ${command} --help`;
  return new UsageError(message, `${help} shows what it takes`);
}

function helpOf(rest: readonly string[]): string {
  const [name] = rest.filter((arg) => !arg.startsWith('-'));
  if (name === undefined) return rootHelp();
  if (!Object.hasOwn(commands, name)) rejectMisspelt(name);
  return helpText(name);
}

function helpText(name: string): string {
  let text = '';
  const parser = commanderOf(name).configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  parser.outputHelp();
  return text;
}

function camel(text: string): string {
  return text.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
