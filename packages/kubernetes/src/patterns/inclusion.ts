import { createRequire } from 'node:module';
import type { DFA } from 'refa';
import { compiled } from '../lib/re2.ts';
import { toJavaScript } from './translate.ts';

export type Inclusion =
  | { readonly included: true }
  | { readonly included: false; readonly counterexample: string }
  | { readonly included: 'unknown'; readonly because: string };

/**
 * Whether every text that `generator` makes (as a whole) is matched by one of `accepted` (RE2, anywhere in the text unless
 * anchored). Decided on automata, exactly; a counterexample is confirmed with RE2 before it is told.
 */
export function included(generator: string, accepted: readonly string[]): Inclusion {
  const sources = [generator, ...accepted].map(toJavaScript);
  const foreign = [generator, ...accepted].find((_pattern, index) => sources[index] === undefined);
  if (foreign !== undefined)
    return { included: 'unknown', because: `${foreign} uses more than can be compared exactly` };
  const [made = '', ...taken] = sources.map((source) => source ?? '');
  try {
    const left = decide(made, taken);
    if (left === undefined) return { included: true };
    return confirmed(left, generator, accepted)
      ? { included: false, counterexample: left }
      : { included: 'unknown', because: `the patterns are read differently by RE2 (${left})` };
  } catch (error) {
    return { included: 'unknown', because: error instanceof Error ? error.message : String(error) };
  }
}

/** A shortest text of `generator` that none of `accepted` takes. */
function decide(generator: string, accepted: readonly string[]): string | undefined {
  const { DFA, ENFA, Words } = refa();
  const made = automaton(generator, '');
  const all = ENFA.empty(made);
  for (const pattern of accepted) all.union(automaton(pattern, '[^]*'));
  const refused = DFA.fromFA(all);
  refused.complement();
  for (const word of DFA.fromIntersection(made, refused).wordSets()) {
    return Words.fromUnicodeToString(Words.pickMostReadableWord(word));
  }
  return undefined;
}

/** The texts that a pattern matches as a whole, with `around` wherever it is not anchored. */
function automaton(source: string, around: string): DFA {
  const { DFA, ENFA, JS } = refa();
  const { alternatives } = JS.Parser.fromLiteral({ source, flags: 'u' }).ast.pattern;
  const whole = alternatives.map(({ elements }) => {
    const [first, last] = [elements[0], elements.at(-1)];
    const start = first?.type === 'Assertion' && first.kind === 'start';
    const end = last?.type === 'Assertion' && last.kind === 'end';
    const body = elements.slice(start ? 1 : 0, end ? -1 : undefined).map((element) => element.raw);
    return `${start ? '' : around}${body.join('')}${end ? '' : around}`;
  });
  const parser = JS.Parser.fromLiteral({ source: whole.join('|'), flags: 'u' });
  const { expression, maxCharacter } = parser.parse({ assertions: 'throw', backreferences: 'throw' });
  return DFA.fromFA(ENFA.fromRegex(expression, { maxCharacter }));
}

function confirmed(text: string, generator: string, accepted: readonly string[]): boolean {
  const [makes, ...takes] = [`^(?:${generator})$`, ...accepted].map(compiled);
  const finds = (one: ReturnType<typeof compiled> | undefined) =>
    one !== undefined && 'find' in one && one.find(text);
  return finds(makes) && !takes.some(finds);
}

/** Loaded when first used: most runs compare no patterns. */
function refa(): typeof import('refa') {
  return createRequire(import.meta.url)('refa');
}
