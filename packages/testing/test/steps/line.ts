import { defineState, type Fact, fileFact, refused } from '@claw-run/core';
import * as z from 'zod';

interface Lines {
  readonly lines: readonly string[];
  readonly mode: number;
}

/** The lines of a file; `null` when there is none. */
function linesOf(path: string): Fact<'host', Lines | null> {
  return fileFact({
    path,
    parse: (file) => (file === null ? null : { lines: file.content.split('\n'), mode: file.mode }),
  });
}

/** A step of a host: a line belongs to a file, at its end if it is not there yet. */
export const line = defineState({
  id: 'test.line',
  on: 'host',
  summary: 'A line belongs to a file',
  risk: 'routine',
  input: z.strictObject({
    path: z.string(),
    line: z.string().regex(/^[^\n]*$/),
    create: z.boolean().default(false),
  }),
  examples: [{ title: 'A host', with: { path: '/etc/hosts', line: '127.0.0.1 head-01' } }],
  facts: (input) => ({ file: linesOf(input.path) }),
  desire: (input, { file }) => {
    if (file === null) {
      return input.create
        ? { file: { lines: [input.line, ''], mode: 0o644 } }
        : refused(`there is no file ${input.path}`, 'say `create: true` to have it made');
    }
    if (file.lines.includes(input.line)) return {};
    const lines = file.lines.at(-1) === '' ? file.lines.slice(0, -1) : file.lines;
    return { file: { ...file, lines: [...lines, input.line, ''] } };
  },
  actions: (_from, to, input) =>
    to.file === null
      ? [{ do: 'remove', path: input.path }]
      : [{ do: 'write', path: input.path, content: to.file.lines.join('\n'), mode: to.file.mode }],
});
