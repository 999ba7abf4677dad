import type { Found } from './find-runbooks.ts';
import { factsIn } from './open-runbook.ts';

/** A runbook that a log calls for, and why. */
export interface Match extends Found {
  /** The error codes of `fixes` that the log shows. */
  readonly codes: readonly string[];
  /** The patterns of `symptoms` that it shows. */
  readonly symptoms: readonly string[];
  readonly facts: { readonly [name: string]: string };
}

/** The runbooks that a log calls for, the one that most of it fits first. Pure. */
export function matchLog(text: string, runbooks: readonly Found[]): readonly Match[] {
  const matches = runbooks.map(({ file, runbook, context }): Match => {
    const codes = runbook.fixes.filter((code) => hasWord(text, code));
    const symptoms = runbook.symptoms
      .filter(({ match }) => match(text) !== undefined)
      .map(({ pattern }) => pattern);
    return { file, runbook, context, codes, symptoms, facts: factsIn(runbook, text) ?? {} };
  });
  const weight = ({ codes, symptoms }: Match) => codes.length + symptoms.length;
  return matches.filter((match) => weight(match) > 0).sort((a, b) => weight(b) - weight(a));
}

/** `clw-worker` is not in `clw-worker-denied`. */
function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    const [before = '', after = ''] = [text[at - 1], text[at + word.length]];
    if (!/[\w-]/.test(before) && !/[\w-]/.test(after)) return true;
  }
  return false;
}
