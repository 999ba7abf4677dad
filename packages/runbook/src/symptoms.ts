import type { Symptom } from '@claw-run/core';
import { firstLine, type Reader } from './read.ts';
import { compilePattern, type Pattern } from './regex.ts';
import type { Tree } from './tree.ts';

export interface Symptoms {
  readonly symptoms: readonly Symptom[];
  /** The named groups of all patterns: facts where a log was given. */
  readonly groups: ReadonlySet<string>;
}

/** Reads `symptoms:`, patterns in RE2. */
export function readSymptoms(tree: Tree | undefined, reader: Reader): Symptoms {
  const groups = new Set<string>();
  const symptoms = (reader.list(tree, '`symptoms`')?.items ?? []).flatMap((item) => {
    const text = reader.text(item, 'a symptom');
    if (text === undefined) return [];
    const compiled = compilePattern(text);
    if (!compiled.ok) {
      reader.problems.add(firstLine(item), `the symptom is not RE2: ${compiled.reason}`);
      return [];
    }
    if (compiled.pattern.test('')) {
      reader.problems.add(
        firstLine(item),
        'the symptom matches every line, even an empty one',
        'name what only this incident says',
      );
      return [];
    }
    for (const group of compiled.pattern.groupNames) groups.add(group);
    return [symptomOf(text, compiled.pattern)];
  });
  return { symptoms, groups };
}

/** A symptom is looked for line by line; the first line that matches gives the groups. */
export function symptomOf(text: string, pattern: Pattern): Symptom {
  return {
    pattern: text,
    match(log) {
      for (const line of linesOf(log)) {
        const found = pattern.groups(line);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

function* linesOf(text: string): Iterable<string> {
  for (let start = 0; start <= text.length; ) {
    const next = text.indexOf('\n', start);
    const end = next === -1 ? text.length : next;
    yield text.slice(start, text[end - 1] === '\r' && end > start ? end - 1 : end);
    start = end + 1;
  }
}
