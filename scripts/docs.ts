// Writes the pages and the schema that are made from the code; with --check says which of them are stale.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createLibrary, type Definition, isObject, type Json, problemCodes } from '@claw-run/core';
import { runStatuses } from '@claw-run/engine';
import { kubernetes } from '@claw-run/kubernetes';
import { linux } from '@claw-run/linux';
import { openclaw } from '@claw-run/openclaw';
import { runbookSchemaText } from '@claw-run/runbook';
import { slurm } from '@claw-run/slurm';
import { stringify } from 'yaml';
import * as z from 'zod';

const root = join(import.meta.dirname, '..');

const pages: { readonly [path: string]: string } = {
  'docs/steps/kubernetes.md': library('kubernetes', kubernetes),
  'docs/steps/linux.md': library('linux', linux),
  'docs/steps/openclaw.md': library('openclaw', openclaw),
  'docs/steps/slurm.md': library('slurm', slurm),
  'docs/exit-codes.md': exitCodes(),
  'schema/runbook.schema.json': runbookSchemaText(createLibrary(kubernetes, linux, openclaw, slurm)),
};

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, text] of Object.entries(pages)) {
  const file = join(root, path);
  if ((await readFile(file, 'utf8').catch(() => '')) === text) continue;
  stale.push(path);
  if (check) continue;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
if (check && stale.length > 0) {
  console.error(`stale: ${stale.join(', ')}; run \`npm run docs\``);
  process.exitCode = 1;
}

function library(name: string, definitions: readonly Definition[]): string {
  const kinds = {
    state: 'Steps: things that should be so',
    event: 'Steps: things that happen',
    check: 'Checks',
    lookup: 'Lookups',
  };
  const parts = Object.entries(kinds).flatMap(([type, title]) => {
    const members = definitions
      .filter((one) => one.type === type)
      .toSorted((a, b) => a.id.localeCompare(b.id));
    return members.length === 0 ? [] : [`## ${title}`, ...members.map(entry)];
  });
  return `${[`# ${name}`, 'Made from the definitions themselves by `npm run docs`.', ...parts].join('\n\n')}\n`;
}

function entry(definition: Definition): string {
  const { id, summary, description, on, examples } = definition;
  const risk = 'risk' in definition ? `, ${definition.risk}` : '';
  const undo =
    definition.type === 'event' && 'irreversible' in definition.undo
      ? [`*Cannot be undone:* ${definition.undo.irreversible}.`]
      : definition.type === 'event' && 'again' in definition.undo
        ? [
            `*Undone* by happening once more, when all that came before it has been undone: ${definition.undo.again}.`,
          ]
        : [];
  return [
    `### ${id}`,
    `${summary}. On a ${on}${risk}.`,
    ...(description === undefined ? [] : [description]),
    ...undo,
    ...inputs(definition),
    ...examples.map(
      (example) =>
        `${example.title}:\n\n\`\`\`yaml\n${stringify({ uses: id, with: example.with }).trim()}\n\`\`\``,
    ),
  ].join('\n\n');
}

function inputs({ input }: Definition): readonly string[] {
  const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as Json;
  if (!isObject(schema) || !isObject(schema.properties)) return [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  const rows = Object.entries(schema.properties).map(([name, field]) => {
    const { description = '', default: standard } = isObject(field) ? field : {};
    const given = required.includes(name)
      ? 'required'
      : standard === undefined
        ? ''
        : `\`${JSON.stringify(standard)}\``;
    return `| \`${name}\` | ${typeOf(field)} | ${given} | ${String(description).replaceAll('|', '\\|')} |`;
  });
  return rows.length === 0 ? [] : [['| input | type | default | |', '|---|---|---|---|', ...rows].join('\n')];
}

function typeOf(field: unknown): string {
  if (!isObject(field)) return '';
  if (Array.isArray(field.enum)) return field.enum.map((value) => `\`${value}\``).join(', ');
  if (Array.isArray(field.anyOf)) return [...new Set(field.anyOf.map(typeOf))].filter(Boolean).join(' or ');
  if (field.type === 'array') return `list of ${typeOf(field.items) || 'anything'}`;
  return String(field.type ?? '');
}

function exitCodes(): string {
  const statuses = Object.entries(runStatuses).map(
    ([name, { exit, summary }]) => `| ${exit} | \`${name}\` | ${summary} |`,
  );
  const codes = Object.entries(problemCodes).map(([code, summary]) => `| \`${code}\` | ${summary} |`);
  return `${[
    '# Exit codes and problem codes',
    'Made from the code by `npm run docs`. The status is also in `run.ended` of `--output json`, the code in each problem.',
    ['| exit | status | |', '|---|---|---|', ...statuses].join('\n'),
    '`claw-run test-library` ends with 0 where nothing failed and with 4 where a law, a case or a contract does not hold. With `--detailed-exitcode`, it ends with 13 where something was not tried: its grade is `incomplete` then.',
    ['| problem | |', '|---|---|', ...codes].join('\n'),
  ].join('\n\n')}\n`;
}
