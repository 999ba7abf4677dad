import type { ASTNode } from '@marcbachmann/cel-js';
import { boundName, childrenOf, functions, methods, type Reference } from './cel-ast.ts';
import { type Root, roots } from './cel-names.ts';
import { fieldsOf } from './cel-type.ts';
import type { ExpressionScope } from './expression-scope.ts';
import { nearest, suggestion } from './nearest.ts';
import { compilePattern } from './regex.ts';

export interface NameCheck {
  readonly references: ReadonlyMap<ASTNode, Reference>;
  readonly faulty: boolean;
}

type Tell = (node: { readonly start: number; readonly end: number }, message: string, hint?: string) => void;

/**
 * Finds every name of an expression in its scope, and tells those that are not there, all at once.
 * `text` is the expression as written; names are read from it, because the parsed one has `_` for `-`.
 */
export function checkNames(ast: ASTNode, text: string, scope: ExpressionScope, tell: Tell): NameCheck {
  const references = new Map<ASTNode, Reference>();
  let faulty = false;
  const complain: Tell = (node, message, hint) => {
    faulty = true;
    tell(node, message, hint);
  };

  const visit = (node: ASTNode, bound: ReadonlySet<string>): void => {
    const reference = referenceAt(node, text, bound);
    if (reference !== undefined) {
      references.set(node, reference);
      const fault = referenceFault(reference, scope);
      if (fault !== undefined) complain(nameSpan(node), fault[0], fault[1]);
      else if (secretMisused(reference, node)) {
        const name = `params.${reference.name}`;
        const hint = `put it into an input as it is: \`\${{ ${name} }}\`, with other text around it if need be`;
        complain(
          node,
          `\`${name}\` is a secret: it can be neither compared, nor joined, nor given to a function`,
          hint,
        );
      }
      return;
    }
    checkNode(node, bound);
    const name = boundName(node);
    if (name !== undefined && node.op === 'rcall') {
      visit(node.args[1], bound);
      for (const part of node.args[2].slice(1)) visit(part, new Set([...bound, name]));
      return;
    }
    for (const child of childrenOf(node)) visit(child, bound);
  };

  const secretMisused = ({ root, name }: Reference, node: ASTNode): boolean =>
    root === 'params' && scope.params.get(name)?.kind === 'secret' && (node !== ast || !scope.secretsAllowed);

  const checkNode = (node: ASTNode, bound: ReadonlySet<string>): void => {
    if (node.op === 'id' && !bound.has(node.args) && node.args !== 'run') {
      const [message, hint] = unknownRoot(node.args, scope);
      complain(node, message, hint);
    } else if (node.op === 'call' && !functions.includes(node.args[0])) {
      const name = node.args[0];
      const hint = methods.includes(name)
        ? `\`${name}\` is a method: \`value.${name}(…)\``
        : suggestion(name, functions);
      complain(
        { start: node.start, end: node.start + name.length },
        `there is no function \`${name}\``,
        hint,
      );
    } else if (node.op === 'rcall') checkMethod(node);
    else if (node.op === 'value' && typeof node.args === 'object' && node.args !== null) {
      complain(node, 'bytes and unsigned integers are not used in runbooks');
    } else if (node.op === '.' && node.args[0].op !== 'id') checkField(node);
    else if (node.op === '.' && node.args[0].op === 'id' && node.args[0].args === 'run') checkRun(node);
  };

  const checkMethod = (node: ASTNode & { op: 'rcall' }): void => {
    const [name, receiver, parameters] = node.args;
    if (!methods.includes(name)) {
      const start = text.indexOf(name, receiver.end);
      const at = start === -1 ? node : { start, end: start + name.length };
      complain(at, `there is no method \`${name}\``, suggestion(name, methods) ?? nearMethods);
    }
    const pattern = parameters[0];
    if (name !== 'matches' || pattern?.op !== 'value' || typeof pattern.args !== 'string') return;
    const compiled = compilePattern(pattern.args);
    if (!compiled.ok) complain(pattern, `the pattern is not RE2: ${compiled.reason}`);
  };

  const checkField = (node: ASTNode & { op: '.' }): void => {
    const of = references.get(node.args[0]) ?? referenceAt(node.args[0], text, new Set());
    const fields = of === undefined ? undefined : fieldsOf[of.root];
    if (of === undefined || fields === undefined || fields.includes(node.args[1])) return;
    const message = `\`${of.root}.${of.name}\` has no \`${node.args[1]}\``;
    complain({ start: node.pos, end: node.end }, message, suggestion(node.args[1], fields));
  };

  const checkRun = (node: ASTNode & { op: '.' }): void => {
    const fields = fieldsOf.run ?? [];
    if (fields.includes(node.args[1])) return;
    complain(
      { start: node.pos, end: node.end },
      `there is no \`run.${node.args[1]}\``,
      suggestion(node.args[1], fields),
    );
  };

  visit(ast, new Set());
  return { references, faulty };
}

const nearMethods = `there are: ${methods.join(', ')}`;

function referenceAt(node: ASTNode, text: string, bound: ReadonlySet<string>): Reference | undefined {
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const [left, right] = node.args;
  if (left.op !== 'id' || bound.has(left.args) || left.args === 'run' || !isRoot(left.args)) return undefined;
  if (typeof right === 'string') return { root: left.args, name: text.slice(node.pos, node.end) };
  return right.op === 'value' && typeof right.args === 'string'
    ? { root: left.args, name: right.args }
    : undefined;
}

function nameSpan(node: ASTNode) {
  if (node.op === '.') return { start: node.pos, end: node.end };
  return node.op === '[]' ? node.args[1] : node;
}

function isRoot(name: string): name is Root {
  return roots.some((root) => root === name);
}

function referenceFault(
  { root, name }: Reference,
  scope: ExpressionScope,
): readonly [string, string?] | undefined {
  const closed = scope.closed[root];
  if (closed !== undefined) return [`\`${root}.${name}\` cannot be used here`, closed];
  const names = namesOf(root, scope);
  if (names.has(name)) return undefined;
  if (root === 'steps' && scope.allSteps.has(name)) {
    return [
      `\`steps.${name}\` is not known yet here`,
      'a step can use only the steps before it; change their order',
    ];
  }
  const known = [...names.keys()];
  const elsewhere = roots.find((other) => other !== root && namesOf(other, scope).has(name));
  const hint =
    nearest(name, known) === undefined && elsewhere !== undefined
      ? `did you mean \`${elsewhere}.${name}\`?`
      : (suggestion(name, known) ?? noneHint(root, known));
  return [`there is no \`${root}.${name}\``, hint];
}

function noneHint(root: Root, known: readonly string[]): string | undefined {
  if (known.length > 0) return undefined;
  if (root === 'steps') return 'there is no step before this one';
  if (root === 'facts') return 'facts come from `facts:` and from named groups of `symptoms:`';
  return `the runbook has no \`${root}:\``;
}

function namesOf(
  root: Root,
  scope: ExpressionScope,
): { has(name: string): boolean; keys(): Iterable<string> } {
  return root === 'run' ? new Set<string>() : scope[root];
}

/** What to say of a name that is no root: most often its root was forgotten. */
export function unknownRoot(name: string, scope: ExpressionScope): readonly [string, string?] {
  if (isRoot(name)) {
    return [`\`${name}\` alone is no value`, `name one of them: \`${name}.<name>\``];
  }
  const owner = roots.find((root) => scope.closed[root] === undefined && namesOf(root, scope).has(name));
  if (owner !== undefined) return [`there is no \`${name}\``, `did you mean \`${owner}.${name}\`?`];
  const hint = nearest(name, roots);
  return [
    `there is no \`${name}\``,
    hint === undefined
      ? `an expression can use ${roots.map((root) => `\`${root}\``).join(', ')}; a text stands in quotes: \`'${name}'\``
      : `did you mean \`${hint}\`?`,
  ];
}
