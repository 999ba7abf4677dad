import { Composer, type CST, type Document, Lexer, LineCounter, type ParsedNode, Parser } from 'yaml';
import type { Problems } from './problems.ts';
import type { Source } from './source.ts';
import type { Tree } from './tree.ts';
import { treeOf } from './tree-of.ts';
import { addYamlFaults } from './yaml-errors.ts';

const deepest = 60;
const mostLexemes = 400_000;

/** Reads a file as one YAML document. Nothing, when it is none; the reasons are among the problems. `turn` is awaited between its parts. */
export async function parseYaml(
  source: Source,
  problems: Problems,
  turn?: () => Promise<void>,
): Promise<Tree | undefined> {
  if (!plainText(source, problems)) return undefined;
  const tokens = tokensOf(source, problems);
  if (tokens === undefined) return undefined;
  await turn?.();
  const document = documentOf(source, tokens, problems);
  if (document === undefined) return undefined;
  // What YAML makes of a broken file is guesswork: complaints about it would only confuse.
  return document.errors.length > 0 ? undefined : treeOf(document, source, problems);
}

function plainText(source: Source, problems: Problems): boolean {
  const at = source.text.indexOf('\0');
  if (at === -1) return true;
  const span = { source, start: at, end: at + 1 };
  problems.add(
    span,
    'the file holds a NUL byte; a runbook is text',
    'is it the right file?',
    'runbook-unreadable',
  );
  return false;
}

/** YAML's parser takes quadratic time for deep nesting; so the depth is watched while it works. */
function tokensOf(source: Source, problems: Problems): CST.Token[] | undefined {
  const parser = new Parser(new LineCounter().addNewLine);
  const tokens: CST.Token[] = [];
  let offset = 0;
  let count = 0;
  for (const lexeme of new Lexer().lex(source.text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    offset += lexeme.length;
    if (parser.stack.length > deepest || ++count > mostLexemes) {
      const start = Math.max(0, Math.min(offset, source.text.length) - 1);
      const message =
        count > mostLexemes
          ? 'the file is too long for a runbook'
          : `nested more than ${deepest} levels deep; no runbook is`;
      problems.add({ source, start, end: start + 1 }, message, undefined, 'runbook-syntax');
      return undefined;
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

function documentOf(
  source: Source,
  tokens: CST.Token[],
  problems: Problems,
): Document<ParsedNode> | undefined {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    logLevel: 'silent',
    strict: true,
  });
  const [first, second] = composer.compose(tokens, true, source.text.length);
  if (first === undefined) return undefined;
  addYamlFaults(source, first.errors, problems);
  if (second !== undefined) {
    const start = second.contents?.range[0] ?? second.range[0];
    const span = { source, start, end: start + 1 };
    problems.add(
      span,
      'a second YAML document starts here; a runbook is one',
      'put it into a file of its own',
      'runbook-syntax',
    );
  }
  if (first.contents === null && first.errors.length === 0) {
    problems.add(
      { source, start: 0, end: 1 },
      'the file is empty; a runbook starts with `runbook: NAME`',
      '`claw-run new` writes one',
      'runbook-syntax',
    );
    return undefined;
  }
  return first as Document<ParsedNode>;
}
