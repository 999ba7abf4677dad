import { quote } from './quote.ts';
import type { Result } from './wire.ts';

/** A command by its program's path. */
export interface Program {
  readonly words: readonly string[];
  /** A file or folder by which the user of the log-in could put another program in its place. */
  readonly replaceable?: string;
}

type Ask = (what: string, script: (id: string) => string) => Promise<Result>;

/** Where sudo looks first (`secure_path` as distributions set it): what the log-in has in its PATH comes after. */
const folders = '/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin';

/** Finds the program of a command on the host, and whether it is safe from the user of the log-in. */
export async function findProgram(words: readonly string[], ask: Ask): Promise<Program> {
  const [name = '', ...rest] = words;
  if (name === '' || name.startsWith('-')) return { words };
  const script = (id: string) => `(
p=${quote(name)}; a=
case $p in
/*) a=$p;;
*/*) ;;
*) IFS=:; for d in ${folders} $PATH; do
case $d in /*) if [ -f "$d/$p" ] && [ -x "$d/$p" ]; then a=$d/$p; break; fi;; esac
done;; esac
printf '%s\\n' "$a"
case $a in /*) ;; *) exit;; esac
for d in "$a" "$(readlink -f -- "$a")"; do while [ -n "$d" ]; do
if [ -w "$d" ] || [ -O "$d" ]; then printf '%s\\n' "$d"; exit; fi
d=\${d%/*}
done; done
) 2>/dev/null; e ${id} $?`;
  const { stdout } = await ask(`looking for ${name}`, script);
  const [path = '', replaceable = ''] = stdout.toString('utf8').split('\n');
  if (!path.startsWith('/')) return { words };
  return { words: [path, ...rest], ...(replaceable !== '' && { replaceable }) };
}
