import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Dockerfile,
  DockerfileParser,
  type Instruction,
  type PropertyInstruction,
} from 'dockerfile-ast';
import { root } from './programs.ts';

/** One stage of a Containerfile: what it starts from and what it does. */
export interface Stage {
  readonly from: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** The Containerfile, as a text and parsed. */
export async function readContainerfile(): Promise<{ readonly text: string; readonly file: Dockerfile }> {
  const text = await readFile(join(root, 'Containerfile'), 'utf8');
  return { text, file: DockerfileParser.parse(text) };
}

/** The one stage that builds and the one that is the image. */
export async function readStages(): Promise<{ readonly build: Stage; readonly final: Stage }> {
  const [build, final, ...more] = stagesOf((await readContainerfile()).file);
  if (build === undefined || final === undefined || more.length > 0)
    throw new Error('two stages were expected');
  return { build, final };
}

/** The stages, with arguments in place of their names where they have a default. */
function stagesOf(file: Dockerfile): readonly Stage[] {
  const stages: { from: string; name: string | undefined; instructions: Instruction[] }[] = [];
  const defaults = defaultsOf(file.getInstructions());
  for (const instruction of file.getInstructions()) {
    const keyword = instruction.getKeyword();
    if (keyword === 'FROM') {
      const [from = '', , name] = wordsOf(instruction);
      stages.push({ from: expanded(from, defaults), name, instructions: [] });
    } else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

/** What an instruction is given, flags apart. */
export function wordsOf(instruction: Instruction): readonly string[] {
  return instruction
    .getArguments()
    .map((argument) => argument.getValue())
    .filter((word) => !word.startsWith('--'));
}

/** The values of `ENV` or of `LABEL`. */
export function valuesOf(stage: Stage, keyword: 'ENV' | 'LABEL'): { readonly [name: string]: string } {
  const pairs = stage.instructions
    .filter((one) => one.getKeyword() === keyword)
    .flatMap((one) => (one as PropertyInstruction).getProperties())
    .map((property) => [property.getName(), property.getValue() ?? '']);
  return Object.fromEntries(pairs) as { [name: string]: string };
}

function defaultsOf(instructions: readonly Instruction[]): ReadonlyMap<string, string> {
  const pairs = instructions
    .filter((one) => one.getKeyword() === 'ARG')
    .flatMap((one) => wordsOf(one))
    .map((word): [string, string] => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]);
  return new Map(pairs);
}

function expanded(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{([A-Z]+)\}/g, (_, name: string) => values.get(name) ?? '');
}
