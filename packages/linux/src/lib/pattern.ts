import { createRequire } from 'node:module';
import type * as Re2 from 're2js';
import * as z from 'zod';

/** An input that is a regular expression in the syntax of RE2: it takes time linear in the text, whatever it is. */
export const pattern = z.string().min(1).refine(compiles, 'must be a regular expression (RE2)');

/** Finds a pattern in texts. */
export interface Pattern {
  readonly source: string;
  readonly test: (text: string) => boolean;
}

/** Compiles a pattern that an input has accepted. */
export function compilePattern(source: string): Pattern {
  const { RE2JS } = re2();
  const compiled = RE2JS.compile(source);
  return { source, test: (text) => compiled.matcher(text).find() };
}

function compiles(text: string): boolean {
  const { RE2JS, RE2JSSyntaxException } = re2();
  try {
    RE2JS.compile(text);
    return true;
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return false;
    throw error;
  }
}

/** Loaded with the first pattern: most runs have none. */
function re2(): typeof Re2 {
  return createRequire(import.meta.url)('re2js');
}
