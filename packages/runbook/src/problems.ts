import type { Problem, ProblemCode } from '@claw-run/core';
import { excerptOf } from './excerpt.ts';
import { positionOf, type Span } from './source.ts';

const most = 50;
const mostKept = 2000;

interface Found {
  readonly span: Span;
  readonly message: string;
  readonly hint: string | undefined;
  readonly code: ProblemCode;
}

/** Collects what is wrong, to tell all of it at once. */
export interface Problems {
  readonly add: (span: Span, message: string, hint?: string, code?: ProblemCode) => void;
  readonly count: () => number;
  /** In the order of the files and lines, the first 50 and the number of the others. */
  readonly list: () => readonly Problem[];
}

/** `first` is the file whose problems come first. */
export function createProblems(first: string): Problems {
  const found: Found[] = [];
  const seen = new Set<string>();
  const files: string[] = [first];
  let count = 0;
  return {
    add(span, message, hint, code = 'runbook-invalid') {
      const key = `${span.source.file}\0${span.start}\0${message}`;
      if (seen.has(key)) return;
      count++;
      if (found.length >= mostKept) return;
      seen.add(key);
      if (!files.includes(span.source.file)) files.push(span.source.file);
      found.push({ span, message, hint, code });
    },
    count: () => count,
    list() {
      const rank = (item: Found) => files.indexOf(item.span.source.file);
      const sorted = found.toSorted((a, b) => rank(a) - rank(b) || a.span.start - b.span.start);
      const shown = sorted.slice(0, most).map(problemFrom);
      if (count <= most) return shown;
      const message = `and ${count - most} more problem${count - most === 1 ? '' : 's'}`;
      return [...shown, { code: 'runbook-invalid', message }];
    },
  };
}

function problemFrom({ span, message, hint, code }: Found): Problem {
  const position = positionOf(span.source, span.start);
  const problem = { code, message: printable(message), position, excerpt: excerptOf(span) };
  return hint === undefined ? problem : { ...problem, hint: printable(hint) };
}

// What a file says must not move the cursor of whoever reads the problem.
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}
