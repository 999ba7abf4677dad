import { createRequire } from 'node:module';
import type * as Re2 from 're2js';
import * as z from 'zod';

/** The matcher of an RE2 pattern, or why there is none. RE2 has no backtracking, so no pattern can hang. */
export function compiled(
  pattern: string,
): { readonly find: (text: string) => boolean } | { readonly error: string } {
  const { RE2JS, RE2JSSyntaxException } = re2js();
  try {
    const expression = RE2JS.compile(pattern);
    return { find: (text) => expression.matcher(text).find() };
  } catch (error) {
    if (error instanceof RE2JSSyntaxException)
      return { error: error.message.replace(/^error parsing regexp: /, '') };
    throw error;
  }
}

/** An input that is an RE2 pattern. */
export const re2 = z
  .string()
  .refine((pattern) => 'find' in compiled(pattern), 'must be a regular expression (RE2)');

/** Loaded with the first pattern: most runs have none. */
function re2js(): typeof Re2 {
  return createRequire(import.meta.url)('re2js');
}
