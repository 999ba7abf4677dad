import { type Fact, type RunResult, runFact } from '@claw-run/core';
import { failed } from '../lib/exit.ts';
import { withoutRead } from '../lib/same-read.ts';

/** When a file or a folder last changed: content, name, owner, mode or label. Milliseconds since 1970. */
export type Changed = { readonly path: string; readonly at: number };

/**
 * Links are followed, but in no folder that is not of root or of who looks, or that others may write to: there they count themselves, with what is below.
 */
const script = `
me=$(id -u) code=0
for path do
  find -L "$path" -printf '%C@ %p\\n' -type d ! -samefile "$path" \\( ! -uid 0 ! -uid "$me" -o -perm /022 \\) -prune \\
    -exec find -P {} -mindepth 1 -printf '%C@ %p\\n' \\; || code=1
done
exit $code`;

/**
 * When files, and all below folders, last changed, by the time that nobody can set (ctime): a file that was renamed into its place keeps its
 * older mtime. What is not there is left out. `like`: a read to lean on where there is nothing to look at.
 */
export function changeTimes(
  paths: readonly string[],
  like: Fact<'host', unknown>,
): Fact<'host', readonly Changed[]> {
  const [first, ...rest] = [...new Set(paths)].toSorted();
  if (first === undefined) return withoutRead(like, 'no files', []);
  return runFact({
    key: `change times of ${[first, ...rest].join(' ')}`,
    argv: ['sh', '-c', script, 'find', first, ...rest],
    sudo: true,
    paths: [first, ...rest],
    about: [first, ...rest].map((path) => `file ${path}`),
    parse: parseChangeTimes,
  });
}

/** find(1) ends with 1 where something was not there; then what it did find counts. */
export function parseChangeTimes(result: RunResult): readonly Changed[] {
  const trouble = result.stderr.split('\n').filter((line) => line !== '' && !line.includes('No such file'));
  if (result.exit > 1 || (result.exit === 1 && trouble.length > 0)) throw failed('find', result);
  return result.stdout.split('\n').flatMap((line) => {
    const [, seconds, path] = /^(\d+\.?\d*) (.+)$/.exec(line) ?? [];
    return seconds === undefined || path === undefined
      ? []
      : [{ path, at: Math.round(Number(seconds) * 1e6) / 1000 }];
  });
}
