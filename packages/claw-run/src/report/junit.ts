import { findingWords } from '../render/findings.ts';
import type { Report } from './report.ts';

/** One case of JUnit XML. */
export interface Case {
  readonly suite: string;
  readonly name: string;
  readonly seconds: number;
  readonly verdict: 'passed' | 'failed' | 'skipped' | 'error';
  readonly because: string;
  /** What the command that failed printed. */
  readonly output?: string;
}

/**
 * JUnit XML as CI systems read it: a suite each for the diagnosis (a case a cause, as it is at the end), the steps and the verification; a problem that
 * belongs to none as an error.
 */
export function junitReport(report: Report): string {
  const cases = [...causeCases(report), ...stepCases(report), ...checkCases(report)];
  const told = cases.some(
    ({ suite, verdict }) => verdict === 'failed' && (suite !== 'diagnosis' || report.status === 'unresolved'),
  );
  const unknown = report.status === 'unresolved' && cases.some(({ verdict }) => verdict === 'error');
  if (!told && !unknown && report.status !== 'ok' && report.status !== 'changes-pending')
    cases.push(endCase(report));
  return junitXml(report.runbook, cases, report);
}

/** Cases as a file of JUnit XML: a suite for each that they name. */
export function junitXml(
  name: string,
  cases: readonly Case[],
  ran: { readonly startedAt: string; readonly seconds: number },
): string {
  const suites = Map.groupBy(cases, ({ suite }) => suite);
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${attribute(name)}" ${totals(cases)} time="${ran.seconds.toFixed(3)}">
${[...suites].map(([suite, own]) => suiteXml(`${name} ${suite}`, own, ran.startedAt)).join('\n')}
</testsuites>
`;
}

function causeCases(report: Report): Case[] {
  const verdicts = { found: 'failed', excluded: 'passed', unknown: 'error' } as const;
  return report.causes.map(({ title, before, after = before }) => ({
    suite: 'diagnosis',
    name: title,
    seconds: 0,
    verdict: verdicts[after.finding],
    because: `${findingWords[after.finding]}: ${after.evidence.because}`,
  }));
}

function stepCases(report: Report): Case[] {
  const verdicts = {
    done: 'passed',
    settled: 'passed',
    'rolled back': 'passed',
    left: 'failed',
    failed: 'failed',
    refused: 'failed',
    skipped: 'skipped',
    'not done': 'skipped',
  } as const;
  return report.steps.map(({ planned, fate, because, seconds, problem }) => ({
    suite: 'steps',
    name: planned.name,
    seconds,
    verdict: problem === undefined ? verdicts[fate] : 'failed',
    because:
      problem === undefined
        ? `${fate}: ${because}`
        : [problem.message, ...(fate === 'failed' ? [] : [`${fate}: ${because}`])].join('; '),
    ...(problem?.output === undefined ? {} : { output: problem.output }),
  }));
}

function checkCases(report: Report): Case[] {
  const verdicts = { pass: 'passed', fail: 'failed', unknown: 'failed', skipped: 'skipped' } as const;
  return report.checks.map(({ name, verdict, because }) => ({
    suite: 'verification',
    name,
    seconds: 0,
    verdict: verdicts[verdict],
    because,
  }));
}

function endCase({ status, problems, seconds }: Report): Case {
  const because = problems.map(({ message }) => message).join('; ') || status;
  return { suite: 'run', name: 'the run', seconds, verdict: 'error', because: `${status}: ${because}` };
}

function suiteXml(name: string, cases: readonly Case[], startedAt: string): string {
  const seconds = cases.reduce((sum, each) => sum + each.seconds, 0);
  return `  <testsuite name="${attribute(name)}" ${totals(cases)} time="${seconds.toFixed(3)}" timestamp="${attribute(startedAt)}">
${cases.map((each) => caseXml(name, each)).join('\n')}
  </testsuite>`;
}

function caseXml(suite: string, { name, seconds, verdict, because, output }: Case): string {
  const told = text(output === undefined ? because : `${because}\n${output}`);
  const head = `    <testcase classname="${attribute(suite)}" name="${attribute(name)}" time="${seconds.toFixed(3)}"`;
  const message = `message="${attribute(because)}"`;
  switch (verdict) {
    case 'passed':
      return `${head}/>`;
    case 'skipped':
      return `${head}><skipped ${message}/></testcase>`;
    case 'failed':
      return `${head}><failure ${message}>${told}</failure></testcase>`;
    case 'error':
      return `${head}><error ${message}>${told}</error></testcase>`;
  }
}

function totals(cases: readonly Case[]): string {
  const number = (verdict: Case['verdict']) => cases.filter((each) => each.verdict === verdict).length;
  return `tests="${cases.length}" failures="${number('failed')}" errors="${number('error')}" skipped="${number('skipped')}"`;
}

/** XML 1.0 has no way to write most control characters; `plain` took them out before. */
function text(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function attribute(value: string): string {
  return text(value).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
}
