import type { Grant, RunEvent, SudoGrant } from '@claw-run/engine';
import { grantsYaml, sudoersText, unwordedGrant } from './grants.ts';
import { createStyle, type Style, wrap } from './style.ts';

type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

/** One cause: found, excluded or unknown, with its evidence. */
export function findingLines(
  { title, finding, evidence }: Of<'cause'>,
  { style, width, verbose }: { style: Style; width: number; verbose: number },
): readonly string[] {
  const marks = { found: style.red('✗'), excluded: style.green('✓'), unknown: style.yellow('?') };
  const name = finding === 'found' ? style.bold(title) : title;
  const details =
    verbose >= 2 && evidence.details !== undefined
      ? [`    ${style.dim(wrap(JSON.stringify(evidence.details), width, 4))}`]
      : [];
  return [
    `  ${marks[finding]} ${wrap(name, width, 4)}${finding === 'unknown' ? style.yellow(' (unknown)') : ''}`,
    `    ${style.dim(wrap(evidence.because, width, 4))}`,
    ...details,
  ];
}

/** What causes are after the fix, beside what they were; those that were and are ruled out only in number, or with `-v` each. */
export function afterLines(
  after: readonly Of<'cause'>[],
  before: ReadonlyMap<string, Of<'cause'>>,
  { style, width, verbose }: { style: Style; width: number; verbose: number },
): readonly string[] {
  const then = ({ id }: Of<'cause'>) => before.get(id)?.finding ?? 'unknown';
  const told = after.filter((one) => verbose >= 1 || then(one) !== 'excluded' || one.finding !== 'excluded');
  const rest = after.length - told.length;
  return [
    ...told.flatMap((one) => {
      const now = findingWord(one.finding, style);
      return [
        `  ${findingWord(then(one), createStyle(false))} → ${now}  ${wrap(one.title, width, 4)}`,
        `    ${style.dim(wrap(one.evidence.because, width, 4))}`,
      ];
    }),
    ...(rest === 0 ? [] : [style.dim(`  ${rest} ruled out before and after (-v tells which)`)]),
  ];
}

/** What a cause turned out to be, in words. */
export const findingWords = { found: 'found', excluded: 'ruled out', unknown: 'unknown' } as const;

function findingWord(finding: Of<'cause'>['finding'], style: Style): string {
  const paint = { found: style.red, excluded: style.green, unknown: style.yellow };
  return paint[finding](finding === 'found' ? 'FOUND' : findingWords[finding]);
}

/** What is unsafe, for whoever runs it; told even where little is told. */
export function warningLine({ message }: Of<'warning'>, style: Style, width: number): string {
  return `${style.yellow('warning:')} ${wrap(message, width, 9)}\n`;
}

/** A fact that was looked up. */
export function factLine({ id, value, because }: Of<'fact'>, style: Style): readonly string[] {
  const text = value === undefined ? `absent: ${because}` : JSON.stringify(value);
  return [style.dim(`  ${id}: ${text.length > 200 ? `${text.slice(0, 200)}…` : text}`)];
}

/** Missing rights in words, and as what an administrator applies. */
export function grantLines(grants: readonly Grant[]): readonly string[] {
  const words = grants.flatMap((grant) => {
    const { group, resource, verb, name, namespace } = grant;
    const what = `${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : `/${name}`}`;
    const unworded = unwordedGrant(grant);
    return [
      `  ${verb} ${what} ${namespace === undefined ? '(cluster-wide)' : `in ${namespace}`}`,
      ...(unworded === undefined ? [] : [`    no rule of RBAC grants this alone: ${unworded}`]),
    ];
  });
  if (grants.length === 0) return [];
  const yaml = grantsYaml(grants).trimEnd();
  if (yaml === '') return words;
  return [
    ...words,
    '',
    'An administrator grants them by filling in USER and passing this to `kubectl apply -f -`:',
    '',
    yaml,
  ];
}

/** What sudo has to grant, as lines for a file of /etc/sudoers.d; where no line grants just that, why. */
export function sudoLines(sudo: readonly SudoGrant[]): readonly string[] {
  if (sudo.length === 0) return [];
  const lines = sudoersText(sudo).trimEnd();
  return [
    ...sudo.flatMap(({ host, user, runAs, command, because, unworded }) => [
      `  ${user} on ${host}: ${command} as ${runAs}${because === 'password' ? ', without a password' : ''}`,
      ...(unworded === undefined ? [] : [`    no line of sudoers grants this alone: ${unworded}`]),
    ]),
    '',
    ...(sudo.some(({ because }) => because === 'password')
      ? [
          'Sudo wants a password: with --sudo-password-from env:NAME, file:PATH or prompt it may grant them as it is.',
          '',
        ]
      : []),
    ...(sudo.some(({ unworded }) => unworded !== undefined)
      ? ['What no line grants alone takes a log-in as root, or as somebody whom sudo trusts with more.', '']
      : []),
    ...(lines === ''
      ? []
      : [
          'An administrator grants them with these lines, by `visudo -f /etc/sudoers.d/claw-run`:',
          '',
          lines,
        ]),
  ];
}
