import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { jobFile, validated } from '../facts/job-file.ts';
import * as inputs from '../scheduler/inputs.ts';
import { reindent } from '../scheduler/reindent.ts';

export const jobValid = defineCheck({
  id: 'openclaw.job-valid',
  on: 'host',
  summary: 'A job file is one that the scheduler takes',
  description:
    'Asks `clw validate` as the user, and reads a file in a folder of that user as the user. A file with a wrong indent is refused with clw-job-invalid before anybody asks who may submit it, and so hides a denial. ' +
    'The evidence has line and column, what stands there and what is expected. `from` tells what `openclaw.job-indent` can mend from what only the owner of the file can.',
  input: z.strictObject({
    user: inputs.user,
    file: inputs.jobFile,
    from: z
      .enum(['any', 'indent', 'content'])
      .default('any')
      .describe(
        '`indent`: fails only where nothing but blanks has to change; `content`: only where more has to',
      ),
  }),
  examples: [{ title: 'A job', with: { user: 'alice', file: '/home/alice/job.yaml' } }],
  facts: ({ user, file }) => ({ said: validated(user, file), file: jobFile(file) }),
  expect: ({ file: path, from }, { said, file }) => {
    if (said.exit === 0) return pass(`${path} is valid`);
    if (!said.text.startsWith('clw-job-invalid'))
      return unknown(
        said.exit === 127 ? 'clw is not there; install it, or choose a host that has it' : said.text,
      );
    const because = said.text.replace(/^clw-job-invalid: /, '');
    const text = file?.content ?? '';
    const isIndent = reindent(text) !== undefined;
    if (from !== 'any' && isIndent !== (from === 'indent')) return pass(`that is not it: ${because}`);
    const place = placeOf(because, text);
    return fail(place === undefined ? because : `${because}; it says \`${place.text.trim()}\``, {
      says: because,
      ...place,
      mendedByIndent: isIndent,
    });
  },
});

/** Where in the file it is, and what stands there. */
function placeOf(because: string, text: string) {
  const [, line = '', column = ''] = /:(\d+):(\d+): /.exec(because) ?? [];
  if (line === '') return undefined;
  const found = text.split('\n')[Number(line) - 1]?.trimEnd() ?? '';
  return { line: Number(line), column: Number(column), text: found.slice(0, 120) };
}
