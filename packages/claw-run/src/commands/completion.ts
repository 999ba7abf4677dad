import { commands } from '../cli/commands.ts';
import { type Flag, flags } from '../cli/flags.ts';
import { UsageError } from '../cli/usage-error.ts';
import type { Context } from '../context.ts';

/** `claw-run completion bash|zsh|fish`: a script for the shell to source. */
export async function call({ io, operands }: Context): Promise<number> {
  const [shell = ''] = operands;
  const scripts: { readonly [shell: string]: () => string } = { bash, zsh, fish };
  const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
  if (script === undefined)
    throw new UsageError(`there are no completions for ${shell}`, 'there are: bash, zsh, fish');
  io.out(script());
  return 0;
}

const names = Object.entries(commands).flatMap(([name, { hidden }]) => (hidden === true ? [] : [name]));

function longFlags(command: string): readonly string[] {
  return [...(commands[command]?.flags ?? []).map((name) => `--${flags[name].long}`), '--help'];
}

function bash(): string {
  const cases = names.map((name) => `    ${name}) words="${longFlags(name).join(' ')}" ;;`).join('\n');
  return `# claw-run: source <(claw-run completion bash)
_claw_run() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command=run word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " ${names.join(' ')} " in *" $word "*) command="$word"; break ;; esac
  done
  case "$command" in
${cases}
  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  elif [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${names.join(' ')}" -- "$current") $(compgen -f -- "$current"))
  elif [[ "$command" == completion ]]; then
    COMPREPLY=($(compgen -W "bash zsh fish" -- "$current"))
  elif [[ "$command" == sandbox ]]; then
    COMPREPLY=($(compgen -W "up down" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _claw_run claw-run
`;
}

function zsh(): string {
  const list = names.map((name) => `    '${name}:${quoted(commands[name]?.summary ?? '')}'`).join('\n');
  const cases = names.map((name) => `    ${name}) _values flag ${longFlags(name).join(' ')} ;;`).join('\n');
  return `#compdef claw-run
_claw_run() {
  local -a commands
  commands=(
${list}
  )
  if (( CURRENT == 2 )) && [[ $PREFIX != -* ]]; then
    _describe command commands
    _files
  elif [[ $PREFIX == -* ]]; then
    case \${words[2]} in
${cases}
    *) _values flag ${longFlags('run').join(' ')} ;;
    esac
  else
    _files
  fi
}
compdef _claw_run claw-run
`;
}

function fish(): string {
  const lines = names.flatMap((name) => {
    const command = commands[name];
    const head = `complete -c claw-run -n __fish_use_subcommand -a ${name} -d '${quoted(command?.summary ?? '')}'`;
    const own = (command?.flags ?? []).map((each) => {
      const flag: Flag = flags[each];
      const short = flag.short === undefined ? '' : ` -s ${flag.short}`;
      const value = flag.value === undefined ? '' : ' -r';
      return `complete -c claw-run -n '__fish_seen_subcommand_from ${name}' -l ${flag.long}${short}${value} -d '${quoted(flag.summary)}'`;
    });
    return [head, ...own];
  });
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return text.replaceAll("'", `'\\''`);
}
