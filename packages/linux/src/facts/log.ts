import { type Fact, type RunResult, runFact } from '@claw-run/core';
import { failed, lastLine } from '../lib/exit.ts';

/** A place in a log, as text: `file INODE OFFSET`, or `journal CURSOR`. */
export type LogMark = string;

/** Where a log file, or the journal of a unit, ends now; `null` where there is none. */
export function logEnd(
  of: { readonly path: string } | { readonly unit: string },
): Fact<'host', LogMark | null> {
  if ('path' in of)
    return runFact({
      key: `end of ${of.path}`,
      argv: ['stat', '-L', '-c', '%i %s', '--', of.path],
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
 * A file that was rotated has another inode: the rest of the old one is found in its folder by the inode and goes before the new one. One that was
 * cut off in place is read from its start.
 */
const script = `
path=$1 inode=$2 offset=$3 limit=$4
now=$(stat -L -c %i -- "$path") || exit 66
size=$(stat -L -c %s -- "$path")
if [ "$now" = "$inode" ] && [ "$size" -ge "$offset" ]; then echo same; tail -c +$((offset + 1)) -- "$path" | tail -c "$limit"
elif [ "$now" = "$inode" ]; then echo cut; tail -c "$limit" -- "$path"
elif [ "$inode" = 0 ]; then echo same; tail -c "$limit" -- "$path"
else
  old=$(find "$(dirname -- "$(readlink -f -- "$path")")" -maxdepth 1 -type f -inum "$inode" -print -quit)
  if [ -n "$old" ]; then echo rotated; { tail -c +$((offset + 1)) -- "$old"; cat -- "$path"; } | tail -c "$limit"
  else echo lost; tail -c "$limit" -- "$path"; fi
fi`;

export function logFileTail(path: string, mark: LogMark | undefined): Fact<'host', LogTail> {
  const [inode = '0', offset = '0'] = mark?.startsWith('file ') ? mark.split(' ').slice(1) : [];
  return runFact({
    key: `log ${path}`,
    argv: ['sh', '-c', script, 'sh', path, inode, offset, `${limit}`],
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
    lost: 'it was rotated since the mark and the old file is not there as it was: what it had is not looked at',
  };
  return { ok: true, lines: linesOf(stdout.slice(at + 1)), gap: gaps[stdout.slice(0, at)] ?? null };
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}
