import { type Problem, printable } from '@claw-run/core';

/** Marks a text by a parameter of SGR (ECMA-48). */
export type Paint = (style: string, text: string) => string;

/**
 * A problem for a terminal: where, what, the line with its caret, and the next move. What is hidden in its texts is shown. `paint` marks it in place of the
 * codes of `color`.
 */
export function formatProblem(
  problem: Problem,
  options: { readonly color: boolean; readonly paint?: Paint },
): string {
  const codes: Paint = (style, text) => `\u001b[${style}m${text}\u001b[0m`;
  const paint: Paint = options.color ? (options.paint ?? codes) : (_, text) => text;
  const { position } = problem;
  const where =
    position === undefined ? '' : `${printable(position.file)}:${position.line}:${position.column}: `;
  const lines = [`${paint('1', where)}${printable(problem.message)}`];
  const excerpt = problem.excerpt === undefined ? undefined : printable(problem.excerpt);
  const hint = problem.hint === undefined ? undefined : printable(problem.hint);
  if (excerpt !== undefined) lines.push(excerpt.replace(/\^+/g, (carets) => paint('31', carets)));
  if (hint !== undefined) lines.push(`${paint('36', 'hint:')} ${hint}`);
  return lines.join('\n');
}
