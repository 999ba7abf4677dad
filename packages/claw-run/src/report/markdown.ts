import { diffLines } from '../render/diff.ts';
import { countWords } from '../render/ending.ts';
import { findingWords, grantLines, sudoLines } from '../render/findings.ts';
import { createStyle } from '../render/style.ts';
import type { Report, ReportedStep } from './report.ts';

/** For a pull request, a ticket or a job summary. Texts of the run cannot become markup. */
export function markdownReport(report: Report): string {
  const { title, runbook, run, targets, startedAt, seconds, status } = report;
  const words = countWords(report.counts, status !== 'ok');
  const parts = [
    `# ${escaped(title)}`,
    `**${escaped(status)}**${words === '' ? '' : ` (${escaped(words)})`}: ${escaped(runbook)} on ${escaped(targets || 'nothing')}, run ${code(run)}, ${escaped(startedAt)}, ${seconds.toFixed(1)} s`,
    section(
      'Problems',
      report.problems.map(
        ({ message, hint, output }) =>
          `- ${escaped(message)}${hint === undefined ? '' : ` (${escaped(hint)})`}${output === undefined ? '' : `\n\n${indented(fenced(output, 'text'))}`}`,
      ),
    ),
    section(
      'Warnings',
      report.warnings.map((message) => `- ${escaped(message)}`),
    ),
    table(
      'Causes',
      ['Before', 'After', 'Cause', 'Evidence'],
      report.causes.map(({ title: cause, before, after }) => [
        findingWords[before.finding],
        after === undefined ? '' : findingWords[after.finding],
        cause,
        (after ?? before).evidence.because,
      ]),
    ),
    section('Steps', report.steps.map(stepText)),
    table(
      'Verification',
      ['Verdict', 'Check', 'Finding'],
      report.checks.map(({ verdict, name, because }) => [verdict, name, because]),
    ),
    report.grants.length === 0
      ? ''
      : `## Missing rights\n\n${fenced(grantLines(report.grants).join('\n'), 'text')}`,
    report.sudo.length === 0
      ? ''
      : `## Missing rights of sudo\n\n${fenced(sudoLines(report.sudo).join('\n'), 'text')}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function stepText({ planned, fate, because, problem }: ReportedStep): string {
  const risk = planned.risk === undefined || planned.risk === 'routine' ? '' : `, ${planned.risk}`;
  const lines = diffLines(planned.diff, { style: createStyle(false), full: true });
  const warning =
    planned.irreversible === undefined ? [] : [`Cannot be rolled back: ${escaped(planned.irreversible)}`];
  const reason = problem === undefined || fate === 'failed' ? [] : [`Failed: ${escaped(problem.message)}`];
  const blocks = [...reason, ...warning, ...(lines.length === 0 ? [] : [fenced(lines.join('\n'), 'diff')])];
  const body = blocks.map((block) => `\n\n${indented(block)}`).join('');
  return `- **${escaped(planned.name)}**: ${fate}${risk}. ${escaped(because)}${body}`;
}

export function table(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => escaped(cell)).join(' | ')} |`;
  return `## ${title}\n\n${[line(heads), `|${' --- |'.repeat(heads.length)}`, ...rows.map(line)].join('\n')}`;
}

export function section(title: string, items: readonly string[]): string {
  return items.length === 0 ? '' : `## ${title}\n\n${items.join('\n')}`;
}

/** The fence is longer than any run of backticks inside. */
export function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}

export function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

function code(text: string): string {
  return `\`${text.replaceAll('`', '')}\``;
}

export function escaped(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#|~&]/g, (character) => `\\${character}`).replaceAll('\n', '<br>');
}
