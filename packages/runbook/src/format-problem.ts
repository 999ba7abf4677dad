import type { Problem } from '@claw-run/core';

/** A problem for a terminal: where, what, the line with its caret, and the next move. */
export function formatProblem(problem: Problem, options: { readonly color: boolean }): string {
  const paint = (style: string, text: string) => (options.color ? `\u001b[${style}m${text}\u001b[0m` : text);
  const { position, excerpt, hint } = problem;
  const where = position === undefined ? '' : `${position.file}:${position.line}:${position.column}: `;
  const lines = [`${paint('1', where)}${problem.message}`];
  if (excerpt !== undefined) lines.push(excerpt.replace(/\^+/g, (carets) => paint('31', carets)));
  if (hint !== undefined) lines.push(`${paint('36', 'hint:')} ${hint}`);
  return lines.join('\n');
}
