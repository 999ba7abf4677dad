import { count } from '../render/style.ts';
import { escaped as html, table as htmlTable, list, page } from '../report/html.ts';
import { type Case, junitXml } from '../report/junit.ts';
import { fenced, indented, escaped as markdown, section, table } from '../report/markdown.ts';
import type { Kinds } from '../report/reports.ts';
import { adviceFor } from './advice.ts';
import type { Failure, GradedLibrary, GradedUnit } from './grade.ts';

/** The reports of a graded library, by kind. */
export const libraryReports: Kinds<GradedLibrary> = {
  junit: async () => junit,
  markdown: async () => asMarkdown,
  html: async () => asHtml,
};

/** A suite each for the module, the steps and the transports; what was not tried is skipped, with the reason. */
function junit(library: GradedLibrary): string {
  const cases = library.units.flatMap(({ id, tests }) =>
    tests.map(
      ({ name, seconds, verdict, because, diff }): Case => ({
        suite: id,
        name,
        seconds,
        verdict,
        because,
        ...(diff === undefined ? {} : { output: diff }),
      }),
    ),
  );
  return junitXml(library.name, cases, library);
}

const heads = ['Grade', 'What', 'Passed', 'Failed', 'Not tried'];

function asMarkdown(library: GradedLibrary): string {
  const { units } = library;
  const parts = [
    `# ${markdown(library.name)}`,
    `**${library.grade}**: ${markdown(sumLine(library))}`,
    table('Steps and transports', heads, units.map(row)),
    section(
      'Failures',
      units.flatMap((unit) =>
        unit.failures.map((failure) => {
          const { law, message, diff } = failure;
          const blocks = [
            `${markdown(message)}`,
            ...(diff === undefined ? [] : [fenced(diff, 'diff')]),
            ...todo(failure).map(markdown),
          ];
          return `- **${markdown(unit.id)}**: ${markdown(law)} (${markdown(failure.where)})${blocks.map((block) => `\n\n${indented(block)}`).join('')}`;
        }),
      ),
    ),
    section(
      'Not tried',
      untriedOf(units).map((text) => `- ${markdown(text)}`),
    ),
    section(
      'Warnings',
      warningsOf(units).map((text) => `- ${markdown(text)}`),
    ),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function asHtml(library: GradedLibrary): string {
  const { name, grade, units } = library;
  return page(
    `${name}: ${grade}`,
    `<h1>${html(name)}</h1>
<p><strong class="${{ passed: 'good', incomplete: 'warn', failed: 'bad' }[grade]}">${grade}</strong> ${html(sumLine(library))}</p>
${htmlTable(
  'Steps and transports',
  heads,
  units.map((unit) => row(unit).map(html)),
)}
${list(
  'Failures',
  units.flatMap((unit) =>
    unit.failures.map((failure) => {
      const { law, where, message, diff } = failure;
      const told = `${html(message)}${diff === undefined ? '' : `<pre>${html(diff)}</pre>`}`;
      return `<strong>${html(unit.id)}</strong>: <span class="bad">${html(law)}</span> <small>${html(where)}</small><p>${told}</p>${todo(
        failure,
      )
        .map((text) => `<p><em>${html(text)}</em></p>`)
        .join('')}`;
    }),
  ),
)}
${list('Not tried', untriedOf(units).map(html))}
${list('Warnings', warningsOf(units).map(html))}`,
  );
}

function row({ grade, id, passed, failures, untried }: GradedUnit): readonly string[] {
  return [grade, id, ...[passed, failures.length, untried.length].map(String)];
}

function todo({ law, hint }: Failure): readonly string[] {
  return [hint, adviceFor(law)].flatMap((text) => (text === undefined ? [] : [text]));
}

function untriedOf(units: readonly GradedUnit[]): readonly string[] {
  return units.flatMap(({ id, untried }) => untried.map(({ what, why }) => `${id}, ${what}: ${why}`));
}

function warningsOf(units: readonly GradedUnit[]): readonly string[] {
  return units.flatMap(({ id, warnings }) => warnings.map((warning) => `${id}: ${warning}`));
}

/** What was found, in one line. */
export function sumLine({ units, seconds, by }: GradedLibrary): string {
  const all = (of: (unit: GradedUnit) => number) => units.reduce((sum, unit) => sum + of(unit), 0);
  const steps = units.filter(({ kind }) => kind === 'step').length;
  const transports = units.filter(({ kind }) => kind === 'transport').length;
  const what = [
    ...(steps > 0 || transports === 0 ? [count(steps, 'step')] : []),
    ...(transports > 0 ? [count(transports, 'transport')] : []),
  ].join(', ');
  const numbers = [
    `${all(({ passed }) => passed)} passed`,
    `${all(({ failures }) => failures.length)} failed`,
    `${all(({ untried }) => untried.length)} not tried`,
    count(
      all(({ warnings }) => warnings.length),
      'warning',
    ),
  ];
  const versions = Object.entries(by).map(([name, version]) => `${name} ${version}`);
  return `${what}; ${numbers.join(', ')} (${seconds.toFixed(1)} s, ${versions.join(', ')})`;
}
