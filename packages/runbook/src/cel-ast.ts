import type { ASTNode } from '@marcbachmann/cel-js';
import type { Root } from './cel-names.ts';

/** A name of the scope that an expression uses: `params.namespace`. */
export interface Reference {
  readonly root: Root;
  readonly name: string;
}

/** The parts of a node that are expressions. */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}

/** The macros that bind a name for their second argument. */
export const binders = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** The name a macro binds: `p` in `pods.all(p, p.ready)`. */
export function boundName(node: ASTNode): string | undefined {
  if (node.op !== 'rcall' || !binders.has(node.args[0])) return undefined;
  const variable = node.args[2][0];
  return variable?.op === 'id' && node.args[2].length > 1 ? variable.args : undefined;
}

/** Methods of values; what is not here does not exist. */
export const methods = [
  ...binders,
  'contains',
  'endsWith',
  'indexOf',
  'join',
  'lowerAscii',
  'matches',
  'size',
  'split',
  'startsWith',
  'substring',
  'trim',
  'upperAscii',
];

/** Functions; what is not here does not exist. */
export const functions = ['bool', 'double', 'has', 'int', 'size', 'string'];
