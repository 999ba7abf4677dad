import type { Definition, Fact, TargetKind } from '@claw-run/core';
import { nearest } from '@claw-run/runbook';
import { UsageError } from '../cli/usage-error.ts';
import { answerJson, type Context, outputOf } from '../context.ts';
import { inputLines } from '../render/inputs.ts';
import { createStyle, plain, type Style, wrap } from '../render/style.ts';
import { loadLibrary } from '../run/load-library.ts';

/** `claw-run explain STEP`: what a step does, takes, reads, and how it is undone. */
export async function call(context: Context): Promise<number> {
  const { io, options, operands } = context;
  const [id = ''] = operands;
  const library = await loadLibrary(options.library, io.cwd);
  const found = library.get(id);
  if (found === undefined) {
    const near = nearest(id, library.keys());
    throw new UsageError(
      `there is no step ${id}${near === undefined ? '' : `; did you mean ${near}?`}`,
      'claw-run list shows those there are',
    );
  }
  const { toJSONSchema } = await import('zod');
  const inputs = toJSONSchema(found.input, { io: 'input', unrepresentable: 'any' });
  const { type, on, summary, description, examples } = found;
  const risk = 'risk' in found ? found.risk : 'read-only';
  const reads = readsOf(found);
  const undo = undoOf(found);
  if (outputOf(context) === 'json') {
    answerJson(context, { id, type, on, risk, summary, description, inputs, examples, reads, undo });
    return 0;
  }
  const style = createStyle(io.color.out);
  const section = (title: string, lines: readonly string[]) => {
    if (lines.length > 0) io.out(`\n${style.bold(title)}\n${lines.map((line) => `  ${line}\n`).join('')}`);
  };
  io.out(
    `${style.bold(id)}  ${style.dim(`${type} on a ${on}, ${risk}`)}\n${wrap(plain(summary), io.width)}\n`,
  );
  if (description !== undefined) io.out(`\n${wrap(plain(description), io.width)}\n`);
  section('Inputs', inputLines(inputs, io.width - 2));
  section('Reads (in the first example)', reads);
  section('Undo', [wrap(undo, io.width, 2)]);
  for (const example of examples)
    section(`Example: ${plain(example.title)}`, exampleLines(id, example.with, style));
  return 0;
}

/** The facts of the first example: they depend on the inputs. */
function readsOf(definition: Definition): readonly string[] {
  const [example] = definition.examples;
  if (example === undefined) return [];
  const parsed = definition.input.safeParse(example.with);
  if (!parsed.success) return [];
  const facts = Object.values(definition.facts(parsed.data)) as Fact<TargetKind, unknown>[];
  return facts.map(({ key }) => plain(key));
}

function undoOf(definition: Definition): string {
  switch (definition.type) {
    case 'state':
      return 'leads back to what was seen before; what someone else has changed since is left alone';
    case 'event':
      if ('irreversible' in definition.undo) return `cannot be undone: ${definition.undo.irreversible}`;
      return 'again' in definition.undo
        ? `happens once more, when all that came before it has been undone: ${definition.undo.again}`
        : 'takes back what it did';
    default:
      return 'changes nothing';
  }
}

function exampleLines(id: string, inputs: object, style: Style): readonly string[] {
  return [
    `uses: ${id}`,
    'with:',
    ...Object.entries(inputs).map(
      ([name, value]) => `  ${name}: ${style.cyan(plain(JSON.stringify(value)))}`,
    ),
  ];
}
