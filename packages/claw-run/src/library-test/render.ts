import type { Io } from '../io.ts';
import { count, createStyle, plain, type Style, wrap } from '../render/style.ts';
import { adviceFor } from './advice.ts';
import type { Failure, Grade, GradedLibrary, GradedUnit } from './grade.ts';
import { sumLine } from './reports.ts';

/** One line of a step or transport: what passed, what failed, and what was not tried and why; then its warnings. */
export function tellUnit(unit: GradedUnit, { io, quiet }: { io: Io; quiet: boolean }): void {
  const style = createStyle(io.color.out);
  const { kind, id, grade, warnings } = unit;
  const name = plain(kind === 'transport' ? `${id}://` : id);
  io.out(`${mark(grade, style)} ${name.padEnd(28)} ${wrap(found(unit, style), io.width, 31)}\n`);
  if (!quiet)
    for (const warning of warnings)
      io.out(`    ${style.yellow('warning:')} ${wrap(plain(warning), io.width, 13)}\n`);
}

/** Each failure in full, then the sum. */
export function tellLibrary(library: GradedLibrary, io: Io): void {
  const style = createStyle(io.color.out);
  const failures = library.units.flatMap((unit) => unit.failures.map((failure) => ({ unit, failure })));
  for (const [index, { unit, failure }] of failures.entries())
    io.out(`\n${failureText(`${index + 1}. ${unit.id}`, failure, { style, width: io.width })}`);
  const paint = { passed: style.green, incomplete: style.yellow, failed: style.red }[library.grade];
  io.out(
    `\n${style.bold(paint(library.grade))}: ${wrap(plain(`${library.name}, ${sumLine(library)}`), io.width)}\n`,
  );
}

function mark(grade: Grade, style: Style): string {
  switch (grade) {
    case 'passed':
      return style.green('✓');
    case 'incomplete':
      return style.yellow('–');
    case 'failed':
      return style.red('✗');
  }
}

function found({ passed, failures, untried }: GradedUnit, style: Style): string {
  const reasons = [...Map.groupBy(untried, ({ why }) => why)].map(
    ([why, same]) => `${same.length} not tried: ${plain(why)}`,
  );
  const laws = [...new Set(failures.map(({ law }) => plain(law)))].join('; ');
  return [
    `${passed} passed`,
    ...(failures.length === 0 ? [] : [style.red(`${failures.length} failed: ${laws}`)]),
    ...reasons,
  ].join(', ');
}

function failureText(
  title: string,
  { law, where, message, diff, hint }: Failure,
  { style, width }: { style: Style; width: number },
): string {
  const todo = [hint, adviceFor(law)].flatMap((text) => (text === undefined ? [] : [text]));
  const lines = [
    `${style.bold(plain(title))}: ${style.red(plain(law))}`,
    `   ${style.dim(`in ${wrap(plain(where), width, 6)}`)}`,
    `   ${wrap(plain(message), width, 3)}`,
    ...(diff === undefined ? [] : shortened(diff).map((line) => `   ${paintDiff(plain(line), style)}`)),
    ...todo.map((text) => `   ${style.cyan('→')} ${wrap(plain(text), width, 5)}`),
  ];
  return `${lines.join('\n')}\n`;
}

const most = 40;

function shortened(diff: string): readonly string[] {
  const lines = diff.trim().split('\n');
  return lines.length <= most
    ? lines
    : [...lines.slice(0, most), `… ${count(lines.length - most, 'more line')}`];
}

function paintDiff(line: string, style: Style): string {
  if (line.startsWith('-')) return style.green(line);
  return line.startsWith('+') ? style.red(line) : line;
}
