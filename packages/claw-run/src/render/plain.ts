import { printable } from '@claw-run/core';

/**
 * Text that cannot speak for us, whoever wrote it: what is hidden in it is shown (`printable`), and what a CI system would take for a command has its first
 * character shown the same way. Line ends and tabs stay. Applied to JSON, it keeps its value; applied twice, it changes nothing more. Pure.
 */
export function plain(text: string): string {
  const shown = printable(text);
  return mayCommand.test(shown) ? shown.replace(command, (found) => found.replace(/[:#st]/, unicode)) : shown;
}

/** The same JSON with every text made plain. */
export function plainJson<T>(value: T): T {
  if (typeof value === 'string') return plain(value) as T;
  if (Array.isArray(value)) return value.map(plainJson) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [plain(key), plainJson(item)])) as T;
}

const mayCommand = /::|##|section_|travis_/i;

/**
 * `::error::` of GitHub and Gitea at the beginning of a line, however indented; `##[error]` of GitHub and Azure, `##vso[…]`, `##teamcity[…]`, `section_start:…`
 * of GitLab and `travis_fold:…` anywhere in one.
 */
const command =
  /^\s*::(?=[^\s:][^\n]*?::)|##(?=\[|vso\[|teamcity\[)|section_(?=(start|end):)|travis_(?=(fold|time):)/gim;

function unicode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
