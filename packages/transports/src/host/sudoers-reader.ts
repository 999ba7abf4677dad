/** A line of sudoers that grants one command to one user. */
export interface SudoersRule {
  readonly user: string;
  readonly runAs: string;
  readonly path: string;
  /** The words that the command may be given: none at all, or those that a pattern of fnmatch(3) fits. */
  readonly args: 'none' | { readonly pattern: string };
}

/**
 * Reads a line as the grammar of sudoers(5) has it. Nothing where it is more than one user, one user to run as and one command whose words are named, or
 * where it is not all of the line. Pure.
 */
export function readSudoersLine(line: string): SudoersRule | undefined {
  if (/[\r\n\0]/.test(line)) return undefined;
  const [, user = '', runAs = '', command = ''] =
    /^((?:\\.|[^\\"#>!=:,() \t])+) ALL=\(((?:\\.|[^\\"#>!=:,() \t])+)\) NOPASSWD: (.*)$/.exec(line) ?? [];
  const [, path = '', rest = ''] = /^(\/(?:\\[,:= \t#]|[^\\,:= \t#"*?[\]])*)(.*)$/.exec(command) ?? [];
  const args = argumentsOf(rest);
  const names = [nameOf(user), nameOf(runAs)] as const;
  if (names[0] === undefined || names[1] === undefined || args === undefined) return undefined;
  if (!path.startsWith('/') || path.endsWith('/')) return undefined;
  return { user: names[0], runAs: names[1], path: path.replace(/\\(.)/g, '$1'), args };
}

/** What a pattern of fnmatch(3) fits, where that is one text only. Pure. */
export function literalOf(pattern: string): string | undefined {
  let text = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    if ('*?['.includes(char)) return undefined;
    if (char === '\\') at += 1;
    if (at >= pattern.length) return undefined;
    text += pattern.charAt(at);
  }
  return text;
}

/** A user by its name: no alias, group, netgroup or number, no `ALL`, and no word that begins another kind of line. */
function nameOf(word: string): string | undefined {
  if (/^([A-Z][A-Z0-9_]*$|Defaults|(User|Runas|Host|Cmnd|Cmd)_Alias|[@%+])/.test(word)) return undefined;
  const name = word.replace(/\\(.)/g, '$1');
  return name === '' || name.startsWith('#') ? undefined : name;
}

/** sudoers takes the backslash from `, : = #`, spaces and itself; it leaves it to what is a glob. Anything else after one is an error. */
function argumentsOf(rest: string): SudoersRule['args'] | undefined {
  if (rest === '') return undefined;
  if (!/^[ \t]/.test(rest)) return undefined;
  const words = rest.trimStart();
  if (words === '""') return 'none';
  if (words === '' || words.startsWith('^')) return undefined;
  if (!/^(\\[\\,:= \t#*?[\]!]|[^\\,:=#])*$/.test(words)) return undefined;
  const pattern = words.replace(/[ \t]+/g, ' ').replace(/\\([\\,:= \t#])/g, '$1');
  return { pattern };
}
