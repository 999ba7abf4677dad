import type { Pattern } from '../lib/pattern.ts';
import { type Edit, lineEnd, linesOf, textOfLines, withLine, withoutLines } from './edit.ts';

export interface LineChange {
  readonly line: string;
  /** Which line it is, where it is not the same text already. */
  readonly match?: Pattern | undefined;
  /** Where a line that is not there goes: after the last line that matches, or before the first, if there is one. The end where absent. */
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
  const previous = after === undefined ? undefined : lines.findLastIndex((one) => after.test(one.text));
  if (previous === -1)
    return {
      problem: `no line matches ${after?.source}, behind which the new line belongs`,
      line: 1,
      column: 1,
    };
  const next = before === undefined ? -1 : lines.findIndex((one) => before.test(one.text));
  // where nothing is there that it has to stand before, the end will do
  const index = previous !== undefined ? previous + 1 : next < 0 ? lines.length : next;
  return { text: textOfLines(withLine(lines, index, line, lineEnd(text))) };
}
