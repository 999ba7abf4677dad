import { isPrintable } from '@claw-run/core';
import { literalOf, readSudoersLine } from './sudoers-reader.ts';

/** What sudo is to grant: to whom, as whom, which program with which words. */
export interface Granted {
  readonly user: string;
  readonly runAs: string;
  readonly words: readonly string[];
  /** A file or folder by which the user could put another program in its place. */
  readonly replaceable?: string | undefined;
}

/** A line of sudoers that grants this and nothing else, or why there is none. */
export type SudoersWording = { readonly line: string } | { readonly unworded: string };

/**
 * Words a grant as sudoers(5) reads it, and reads it back. sudo compares the words of a command joined by spaces, as a pattern of fnmatch(3): what cannot
 * be told apart then is not worded. Pure.
 */
export function sudoersLine(granted: Granted): SudoersWording {
  const unworded = faultOf(granted);
  if (unworded !== undefined) return { unworded };
  const { user, runAs, words } = granted;
  const [program = '', ...args] = words;
  const command = [escapedPath(program), ...(args.length === 0 ? ['""'] : args.map(escapedArgument))];
  const line = `${escapedName(user)} ALL=(${escapedName(runAs)}) NOPASSWD: ${command.join(' ')}`;
  return saysJust(line, granted) ? { line } : { unworded: 'it does not read back as what it is to grant' };
}

function faultOf({ user, runAs, words, replaceable }: Granted): string | undefined {
  const [program = '', ...args] = words;
  for (const name of [user, runAs])
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.@\\-]*\$?$/.test(name) || /^\d+$/.test(name))
      return `${JSON.stringify(name)} is not the name of a user that sudoers can be given`;
  if (!program.startsWith('/')) return `${JSON.stringify(program)} is not in the folders that sudo searches`;
  if (replaceable !== undefined)
    return `${user} can write ${replaceable}, and put another program in its place`;
  if (program.endsWith('/')) return 'sudoers takes a path that ends with / for all programs of a folder';
  if (/[*?[\]\\"\s]/.test(program))
    return 'the path of the program holds a character that sudoers takes for a pattern';
  if (!words.every(isPrintable)) return 'a word holds a line end, or a character that cannot be seen';
  if (args.includes('')) return 'a word is empty, and sudo cannot tell where it is';
  if (args.some((arg) => arg.includes(' ')))
    return 'a word holds a space, and sudo cannot tell one word from two';
  if (args[0]?.startsWith('^'))
    return 'the first word begins with ^, which sudo takes for a regular expression';
  if (args.join(' ') === '""') return 'sudo takes "" for a command without words';
  return undefined;
}

/** A name in capitals would be an alias, and `ALL` everybody; `Defaults` begins a line of another kind. */
function escapedName(name: string): string {
  return name.replace(/[\\@]/g, '\\$&').replace(/^[A-Z]/, '\\$&');
}

function escapedPath(path: string): string {
  return path.replace(/[,:=#]/g, '\\$&');
}

/** The reader takes a backslash from some characters and leaves it to others; what is left is a pattern of fnmatch(3). */
function escapedArgument(word: string): string {
  return word
    .replace(/\\/g, '\\\\\\\\')
    .replace(/[*?[\]]/g, '\\$&')
    .replace(/[,:=#]/g, '\\$&');
}

function saysJust(line: string, { user, runAs, words: [program, ...args] }: Granted): boolean {
  const read = readSudoersLine(line);
  return (
    read?.user === user &&
    read.runAs === runAs &&
    read.path === program &&
    (args.length === 0
      ? read.args === 'none'
      : read.args !== 'none' && literalOf(read.args.pattern) === args.join(' '))
  );
}
