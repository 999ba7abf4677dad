import type { Difference } from '@claw-run/core';
import { diffLines } from '../render/diff.ts';
import { countWords } from '../render/ending.ts';
import { findingWords, grantLines, sudoLines } from '../render/findings.ts';
import { createStyle } from '../render/style.ts';
import type { Report, ReportedStep } from './report.ts';

/** One page that stands alone: no scripts, nothing loaded. Every text of the run is escaped. */
export function htmlReport(report: Report): string {
  const { title, runbook, run, targets, startedAt, seconds, status } = report;
  return page(
    `${runbook}: ${status}`,
    `<h1>${escaped(title)}</h1>
<p><strong class="${status === 'ok' ? 'good' : 'bad'}">${escaped(status)}</strong> ${escaped(countWords(report.counts, status !== 'ok'))}<br>
${escaped(runbook)} on ${escaped(targets || 'nothing')}, run <code>${escaped(run)}</code>, ${escaped(startedAt)}, ${seconds.toFixed(1)} s</p>
${list(
  'Problems',
  report.problems.map(
    ({ message, hint, output }) =>
      `${escaped(message)}${hint === undefined ? '' : `<br><em>${escaped(hint)}</em>`}${output === undefined ? '' : `<pre>${escaped(output)}</pre>`}`,
  ),
)}
${list('Warnings', report.warnings.map(escaped))}
${table(
  'Causes',
  ['Before', 'After', 'Cause', 'Evidence'],
  report.causes.map(({ title: cause, before, after }) => [
    mark(before.finding, findingWords[before.finding]),
    after === undefined ? '' : mark(after.finding, findingWords[after.finding]),
    escaped(cause),
    escaped((after ?? before).evidence.because),
  ]),
)}
${steps(report.steps)}
${table(
  'Verification',
  ['', 'Check', 'Finding'],
  report.checks.map(({ verdict, name, because }) => [mark(verdict), escaped(name), escaped(because)]),
)}
${report.grants.length === 0 ? '' : `<h2>Missing rights</h2>\n<pre>${escaped(grantLines(report.grants).join('\n'))}</pre>`}
${report.sudo.length === 0 ? '' : `<h2>Missing rights of sudo</h2>\n<pre>${escaped(sudoLines(report.sudo).join('\n'))}</pre>`}`,
  );
}

/** A page that stands alone: `body` is markup, the title is not. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

function steps(all: readonly ReportedStep[]): string {
  if (all.length === 0) return '';
  const items = all.map(({ planned, fate, because, seconds, problem }) => {
    const notes = [planned.risk, planned.uses, seconds > 0 ? `${seconds.toFixed(1)} s` : ''].filter(
      (note) => note,
    );
    const reason =
      problem === undefined || fate === 'failed'
        ? ''
        : `<p class="bad">Failed: ${escaped(problem.message)}</p>`;
    const warning =
      planned.irreversible === undefined
        ? ''
        : `<p class="warn">Cannot be rolled back: ${escaped(planned.irreversible)}</p>`;
    return `<li><strong>${escaped(planned.name)}</strong> <span class="${fate === 'done' || fate === 'settled' ? 'good' : fate === 'skipped' ? '' : 'bad'}">${fate}</span>
<small>${escaped(notes.join(', '))}</small><p>${escaped(because)}</p>${reason}${warning}${difference(planned.diff)}</li>`;
  });
  return `<h2>Steps</h2>\n<ol>\n${items.join('\n')}\n</ol>`;
}

function difference(diff: readonly Difference[]): string {
  if (diff.length === 0) return '';
  return `<pre>${escaped(diffLines(diff, { style: createStyle(false), full: true }).join('\n'))}</pre>`;
}

export function table(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const cells = (row: readonly string[], tag: string) =>
    row.map((cell) => `<${tag}>${cell}</${tag}>`).join('');
  return `<h2>${title}</h2>\n<table>\n<tr>${cells(heads, 'th')}</tr>\n${rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n')}\n</table>`;
}

export function list(title: string, items: readonly string[]): string {
  return items.length === 0
    ? ''
    : `<h2>${title}</h2>\n<ul>\n${items.map((item) => `<li>${item}</li>`).join('\n')}\n</ul>`;
}

function mark(finding: string, words = finding): string {
  const bad = finding === 'found' || finding === 'fail';
  const good = finding === 'excluded' || finding === 'pass';
  return `<span class="${bad ? 'bad' : good ? 'good' : 'warn'}">${escaped(words)}</span>`;
}

export function escaped(text: string): string {
  const entities: { readonly [character: string]: string } = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

const style = `
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2330;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #d8dce4}
pre{background:#f3f4f7;padding:.6rem;overflow:auto;font-size:.85rem}li{margin:.6rem 0}li p{margin:.2rem 0}
small{color:#5b6472}.good{color:#136c33}.bad{color:#b3191f}.warn{color:#8a5300}
@media(prefers-color-scheme:dark){body{color:#e3e6ec;background:#15181e}pre{background:#1f242c}th,td{border-color:#333a45}.good{color:#6fcf8d}.bad{color:#ff8b8b}.warn{color:#f0b357}small{color:#9aa3b0}}
`;
