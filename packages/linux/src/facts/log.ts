import { type Fact, type RunResult, runFact } from '@claw-run/core';
import { failed, lastLine } from '../lib/exit.ts';

/** A place in a log, as text: `file INODE OFFSET PRINT SECONDS`, or `journal CURSOR`. A mark written by hand may end with the offset. */
export type LogMark = string;

/** The bytes right before an offset tell a file that was cut off in place and has grown again: it has others there. */
const functions = `
from() { case $1 in
  *.gz) gzip -dc -- "$1" | tail -c +"$2";; *.xz) xz -dc -- "$1" | tail -c +"$2";;
  *.bz2) bzip2 -dc -- "$1" | tail -c +"$2";; *.zst) zstd -dcq -- "$1" | tail -c +"$2";;
  *) tail -c +"$2" -- "$1";; esac; }
print() { start=$(($2 > 65536 ? $2 - 65535 : 1)); from "$1" "$start" 2>/dev/null | head -c $(($2 - start + 1)) | sha256sum | cut -c1-16; }`;

const endScript = `${functions}
made=$(date +%s)
end=$(stat -L -c '%i %s' -- "$1") || exit
echo "$end $(print "$1" "\${end#* }") $made"`;

/** Where a log file, or the journal of a unit, ends now; `null` where there is none. */
export function logEnd(
  of: { readonly path: string } | { readonly unit: string },
): Fact<'host', LogMark | null> {
  if ('path' in of)
    return runFact({
      key: `end of ${of.path}`,
      argv: ['sh', '-c', endScript, 'sh', of.path],
      sudo: true,
      paths: [of.path],
      about: [`file ${of.path}`, 'process'],
      parse: ({ exit, stdout }) => (exit === 0 ? `file ${stdout.trim()}` : null),
    });
  return runFact({
    key: `end of the journal of ${of.unit}`,
    argv: [
      'journalctl',
      '--quiet',
      '--no-pager',
      '--lines=1',
      '--output=cat',
      '--output-fields=MESSAGE',
      '--show-cursor',
      `--unit=${of.unit}`,
    ],
    sudo: true,
    about: [`service ${of.unit}`, 'process'],
    parse: (result) => {
      if (result.exit !== 0) throw failed('journalctl', result);
      const cursor = /^-- cursor: (\S+)$/m.exec(result.stdout)?.[1];
      return cursor === undefined ? null : `journal ${cursor}`;
    },
  });
}

/** What was written after a mark. `gap` says what may be missing. */
export type LogTail =
  | { readonly ok: true; readonly lines: readonly string[]; readonly gap: string | null }
  | { readonly ok: false; readonly because: string };

/** As much as is looked at: the end of what was written. */
const limit = 1_000_000;

/**
 * A mark is in the file of its inode while the bytes before it are still those. Else its file is looked for among the rotated copies, renamed, copied
 * or packed: its rest and the copies made after it go before the log. An empty file has no bytes to know it by: what was copied since counts.
 */
const script = `${functions}
path=$1 inode=$2 offset=$3 print=$4 made=$5 limit=$6
now=$(stat -L -c %i -- "$path") || exit 66
size=$(stat -L -c %s -- "$path")
real=$(readlink -f -- "$path")
copies=$(for f in "$real"[.-]* "\${real%.*}"[.-][0-9]*."\${real##*.}"; do
  [ -f "$f" ] && [ ! -L "$f" ] && echo "$(stat -c %.9Y -- "$f" | tr -d .) $f"; done | sort -u | sort -rn)
is() { [ -z "$print" ] || [ "$(print "$1" "$offset")" = "$print" ]; }
how=lost old= since=
if [ "$inode" = 0 ]; then how=same offset=0 old=$path
elif [ "$now" = "$inode" ]; then
  if [ "$size" -lt "$offset" ]; then how=cut
  elif [ "$offset" = 0 ] && [ -n "$print" ]; then how=same since=\${made}000000000
  elif is "$path"; then
    how=same old=$path
    [ -n "$print" ] || [ "$offset" = 0 ] || [ -z "$copies$(from "$path" "$offset" | head -c 1)" ] || how=unsure
  else how=cut; fi
fi
IFS='
'; set -f
[ -n "$old$since" ] || for line in $copies; do
  at=\${line%% *} f=\${line#* }
  if [ -n "$print" ] && [ "$offset" -gt 0 ]; then is "$f"; else [ "$(stat -c %i -- "$f")" = "$inode" ]; fi || continue
  how=rotated old=$f since=$at
  break
done
echo "$how"
{ [ -z "$old" ] || from "$old" $((offset + 1))
  [ -z "$since" ] || for line in $(echo "$copies" | sort -n); do
    f=\${line#* }
    [ "$f" = "$old" ] || [ "\${line%% *}" -lt "$since" ] || from "$f" 1
  done
  [ "$old" = "$path" ] || cat -- "$path"; } | tail -c "$limit"`;

export function logFileTail(path: string, mark: LogMark | undefined): Fact<'host', LogTail> {
  const [inode = '0', offset = '0', print = '', made = ''] = mark?.startsWith('file ')
    ? mark.split(' ').slice(1)
    : [];
  return runFact({
    key: `log ${path}`,
    argv: ['sh', '-c', script, 'sh', path, inode, offset, print, made, `${limit}`],
    sudo: true,
    paths: [path],
    about: [`file ${path}`, 'process'],
    parse: parseLogFile,
  });
}

export function journalTail(
  unit: string,
  mark: LogMark | undefined,
  sinceSeconds: number | undefined,
): Fact<'host', LogTail> {
  const from = mark?.startsWith('journal ')
    ? [`--after-cursor=${mark.slice('journal '.length)}`]
    : sinceSeconds === undefined
      ? ['--boot']
      : [`--since=-${sinceSeconds}s`];
  return runFact({
    key: `journal of ${unit}`,
    argv: ['journalctl', '--quiet', '--no-pager', '--output=cat', '--lines=5000', `--unit=${unit}`, ...from],
    sudo: true,
    about: [`service ${unit}`, 'process'],
    parse: (result) =>
      result.exit === 0
        ? { ok: true, lines: linesOf(result.stdout), gap: null }
        : { ok: false, because: failed('journalctl', result).message },
  });
}

export function parseLogFile({ exit, stdout, stderr }: RunResult): LogTail {
  if (exit === 66) return { ok: false, because: 'there is no such file' };
  if (exit !== 0) return { ok: false, because: lastLine(stderr) || `it could not be read (${exit})` };
  const at = stdout.indexOf('\n');
  const gaps: { readonly [how: string]: string } = {
    cut: 'it was cut off since the mark: what stood there before is gone',
    unsure: 'the mark, without a print of the file, cannot tell whether it was cut off in place since',
    lost: 'it was rotated since the mark and the old file is not there as it was: what it had is not looked at',
  };
  return { ok: true, lines: linesOf(stdout.slice(at + 1)), gap: gaps[stdout.slice(0, at)] ?? null };
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}
