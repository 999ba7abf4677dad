import { createRequire } from 'node:module';
import type * as Re2 from 're2js';

/** A pattern in RE2's syntax: it takes time linear in the text, whatever it is. */
export interface Pattern {
  /** True when the text holds a match. */
  readonly test: (text: string) => boolean;
  /** True when the text matches as a whole. */
  readonly matchesAll: (text: string) => boolean;
  /** The named groups that took part in the first match, or nothing. */
  readonly groups: (text: string) => { readonly [group: string]: string } | undefined;
  readonly groupNames: readonly string[];
}

export type PatternResult =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly reason: string };

/** Compiles a pattern; what RE2 does not have (lookaround, backreferences) is said by name. */
export function compilePattern(text: string): PatternResult {
  if (text.length > 2000) return { ok: false, reason: 'a pattern has at most 2000 characters' };
  const unsupported = unsupportedIn(text);
  if (unsupported !== undefined) return { ok: false, reason: unsupported };
  try {
    return { ok: true, pattern: patternOf(re2().RE2JS.compile(text)) };
  } catch (error) {
    const reason = error instanceof re2().RE2JSSyntaxException ? error.message : 'it cannot be compiled';
    return { ok: false, reason: reason.replace(/^error parsing regexp: /, '') };
  }
}

function patternOf(compiled: Re2.RE2JS): Pattern {
  const groupNames = Object.keys(compiled.namedGroups());
  return {
    groupNames,
    test: (text) => compiled.matcher(text).find(),
    matchesAll: (text) => compiled.matches(text),
    groups(text) {
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return undefined;
      const found: [string, string][] = [];
      for (const name of groupNames) {
        const value: string | null = matcher.group(name);
        if (value !== null && value !== undefined) found.push([name, value]);
      }
      return Object.fromEntries(found);
    },
  };
}

/** Loaded with the first pattern: many runbooks have none. */
function re2(): typeof Re2 {
  return createRequire(import.meta.url)('re2js');
}

function unsupportedIn(text: string): string | undefined {
  const bare = text.replace(/\\Q[\s\S]*?\\E/g, '').replace(/\\\\/g, '');
  if (/\(\?<?[=!]/.test(bare)) return 'RE2 has no lookahead and no lookbehind, so that every pattern is fast';
  if (/\\[1-9]|\\k[<{']|\(\?P=/.test(bare)) return 'RE2 has no backreferences, so that every pattern is fast';
  if (/\(\?>|[*+?}]\+/.test(bare.replace(/\\./g, '').replace(/\[[^\]]*\]/g, ''))) {
    return 'RE2 has no possessive quantifiers and no atomic groups; every pattern is fast without';
  }
  return undefined;
}
