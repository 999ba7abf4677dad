import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { logLines } from '../src/checks/log-lines.ts';
import { logMark } from '../src/lookups/log-mark.ts';
import { readHere } from './read-here.ts';

const long = 'yes "a line of every day" | head -n 9000';

test.each([
  ['nothing', ':', 'pass'],
  ['a line', 'echo BAD >>log', 'fail'],
  ['another line', 'echo good >>log', 'pass'],
  ['renamed', 'echo BAD >>log; mv log log.1; echo n >log', 'fail'],
  ['renamed without a line', 'mv log log.1; echo n >log', 'pass'],
  ['renamed and packed', 'echo BAD >>log; mv log log-20260101; gzip log-20260101; echo n >log', 'fail'],
  ['renamed twice', 'mv log log.2; echo BAD >log; mv log log.1; echo n >log', 'fail'],
  ['copied, cut off and grown', `echo BAD >>log; cp log log.1; : >log; ${long} >>log`, 'fail'],
  ['copied, cut off, grown, no line', `cp log log.1; : >log; ${long} >>log`, 'pass'],
  ['copied with the date', `echo BAD >>log; cp -p log log-20260101; : >log; ${long} >>log`, 'fail'],
  ['copied and cut off', 'echo BAD >>log; cp log log.1; : >log; echo n >>log', 'fail'],
  ['copied twice', 'cp log log.2; echo BAD >log; cp log log.1; : >log; echo n >>log', 'fail'],
  ['copied away, grown', `echo BAD >>log; : >log; ${long} >>log`, 'unknown'],
  ['copied away', 'echo BAD >>log; : >log; echo n >>log', 'unknown'],
  ['removed', 'echo BAD >>log; rm log; echo n >log', 'unknown'],
])('a log is followed from its mark: %s', (_, since, finding) => {
  for (const start of ['printf "BAD\\nold\\n" >log', `{ echo BAD; ${long}; } >log`])
    expect(found(`${start}; cp log log.9; touch -d '2 hours ago' log.9; echo 1 >>log`, since)).toBe(finding);
});

test.each([
  ['a line', 'echo BAD >>log', 'fail'],
  ['nothing', ':', 'pass'],
  ['copied and cut off', 'echo BAD >>log; cp log log.1; : >log; echo n >>log', 'fail'],
  ['renamed', 'echo BAD >>log; mv log log.1; echo n >log', 'fail'],
  ['removed', 'echo BAD >>log; mv log away; echo n >log', 'unknown'],
])('a log that was empty is followed from its mark: %s', (_, since, finding) => {
  expect(found(': >log', since)).toBe(finding);
});

test.each([
  ['nothing', ':', 'pass'],
  ['copied, cut off and grown', `echo BAD >>log; cp log log.1; : >log; ${long} >>log`, 'unknown'],
  ['cut off and grown', `echo BAD >>log; : >log; ${long} >>log`, 'unknown'],
])('a mark without a print of the file is not trusted: %s', (_, since, finding) => {
  const byHand = (mark: string) => mark.split(' ').slice(0, 3).join(' ');
  expect(found('printf "BAD\\nold\\n" >log', since, byHand)).toBe(finding);
});

/** What the check finds of `BAD` after the mark that is taken between two shell lines. */
function found(before: string, since: string, change = (mark: string) => mark) {
  const folder = mkdtempSync(join(tmpdir(), 'rotated-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'log');
  const sh = (line: string) =>
    expect(spawnSync('sh', ['-c', line], { cwd: folder })).toMatchObject({ status: 0 });
  sh(before);
  const mark = readHere(logMark.facts(logMark.input.parse({ path })).end);
  sh(since);
  const input = logLines.input.parse({ path, matches: 'BAD', since: change(mark ?? 'none') });
  return logLines.expect(input, { log: readHere(logLines.facts(input).log) }).verdict;
}
