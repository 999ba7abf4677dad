/** A rule as `sudo -ll` lists it, for this host and this user. */
export interface SudoRule {
  readonly runAs: readonly string[];
  /** What its tags say; nothing where they leave it to the defaults. */
  readonly authenticate: boolean | undefined;
  readonly commands: readonly string[];
}

export interface SudoRules {
  /** What the defaults say. */
  readonly authenticate: boolean;
  /** In the order of sudoers: the last that fits holds. */
  readonly rules: readonly SudoRule[];
}

/** Reads what `sudo -ll` printed in the C locale (sudo(8), sudoers(5)). Pure. */
export function parseSudoRules(text: string): SudoRules {
  const lines = text.split('\n');
  const starts = lines.flatMap((line, at) => (/^\S.*\b(entry|Role):/i.test(line) ? [at] : []));
  const head = lines.slice(0, starts[0] ?? lines.length).join(' ');
  return {
    authenticate: !/[\s,]!authenticate\b/.test(head),
    rules: starts.map((start, index) => ruleOf(lines.slice(start + 1, starts[index + 1]))),
  };
}

/** Whether sudo would ask for a password before it runs this. Nothing where no rule is known to fit. Pure. */
export function wantsPassword(
  { rules, authenticate }: SudoRules,
  { runAs, words }: { readonly runAs: string; readonly words: readonly string[] },
): boolean | undefined {
  const rule = rules.findLast(
    (one) => fitsUser(one, runAs) && one.commands.some((command) => fitsCommand(command, words)),
  );
  return rule === undefined ? undefined : (rule.authenticate ?? authenticate);
}

function ruleOf(lines: readonly string[]): SudoRule {
  const listIn = (name: string) => {
    const line = lines.find((each) => each.trimStart().startsWith(`${name}:`));
    return (line?.slice(line.indexOf(':') + 1) ?? '').split(',').map((each) => each.trim());
  };
  const options = listIn('Options');
  const commands = lines.findIndex((line) => line.trim() === 'Commands:');
  return {
    runAs: listIn('RunAsUsers').filter((each) => each !== ''),
    authenticate: options.includes('!authenticate') ? false : options.includes('authenticate') || undefined,
    commands: commands < 0 ? [] : lines.slice(commands + 1).flatMap((line) => line.trim() || []),
  };
}

function fitsUser({ runAs }: SudoRule, user: string): boolean {
  // who may run as nobody in particular may run as root
  const users = runAs.length === 0 ? ['root'] : runAs;
  return users.includes(user) || users.includes('ALL') || (user === 'root' && users.includes('#0'));
}

/** sudoers(5), "Cmnd": a path with its arguments; a path alone, for any arguments; `""`, for none; a folder; `ALL`. */
function fitsCommand(command: string, [program = '', ...words]: readonly string[]): boolean {
  const text = command.replace(/^(sha(224|256|384|512):\S+,?\s+)+/, '');
  if (text === 'ALL') return true;
  const [path = '', ...args] = text.split(/(?<!\\)\s+/);
  const fitsPath = path.endsWith('/') ? program.startsWith(path) : globOf(path, '[^/]*').test(program);
  if (!fitsPath || args.length === 0) return fitsPath;
  if (args.length === 1 && args[0] === '""') return words.length === 0;
  return globOf(args.join(' '), '.*').test(words.join(' '));
}

function globOf(pattern: string, star: string): RegExp {
  const parts = pattern.match(/\\[\s\S]|\[[^\]]+\]|[\s\S]/g) ?? [];
  const text = parts.map((part) => {
    if (part === '*') return star;
    if (part === '?') return '.';
    if (part.length > 1 && part.startsWith('['))
      return `[${part.slice(1, -1).replace(/^!/, '^').replaceAll('\\', '\\\\')}]`;
    return part.replace(/^\\(?=[\s\S])/, '').replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  });
  try {
    return new RegExp(`^${text.join('')}$`, 's');
  } catch {
    return /^\b$/;
  }
}
