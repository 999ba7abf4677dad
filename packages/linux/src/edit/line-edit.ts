import type { Pattern } from '../lib/pattern.ts';
import { type Edit, lineEnd, linesOf, textOfLines, withLine, withoutLines } from './edit.ts';

export interface LineChange {
  readonly line: string;
  /** Which line it is, where it is not the same text already. */
  readonly match?: Pattern | undefined;
  /** Where a line that is not there goes: after the last line that matches, or before the first. The end where absent. */
  readonly after?: Pattern | undefined;
  readonly before?: Pattern | undefined;
  readonly present: boolean;
}

/** Sees to it that a text has a line, or has it not. */
export function editLine(text: string, change: LineChange): Edit {
  const lines = linesOf(text);
  const matching = lines.flatMap((line, index) =>
    line.text === change.line || change.match?.test(line.text) ? [index] : [],
  );
  if (!change.present)
    return matching.length === 0 ? { text } : { text: textOfLines(withoutLines(lines, matching)) };
  const [only, second] = matching;
  if (only === undefined) return inserted(text, change);
  const found = lines[only];
  if (change.match === undefined || (second === undefined && found?.text === change.line)) return { text };
  if (second !== undefined)
    return {
      problem: `the lines ${matching.map((index) => index + 1).join(', ')} are all meant: \`match\` must tell one from the others`,
      line: second + 1,
      column: 1,
    };
  return { text: textOfLines(lines.with(only, { text: change.line, end: found?.end ?? '' })) };
}

function inserted(text: string, { line, after, before }: LineChange): Edit {
  const lines = linesOf(text);
  const anchor = after ?? before;
  const at =
    after !== undefined
      ? lines.findLastIndex((one) => after.test(one.text))
      : before !== undefined
        ? lines.findIndex((one) => before.test(one.text))
        : lines.length;
  if (at < 0)
    return {
      problem: `no line matches ${anchor?.source}, beside which the new line belongs`,
      line: 1,
      column: 1,
    };
  const index = after === undefined ? at : at + 1;
  return { text: textOfLines(withLine(lines, index, line, lineEnd(text))) };
}
