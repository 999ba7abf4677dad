import type { Param } from '@claw-run/core';
import type { IncludeItem } from './items.ts';
import { suggestion } from './nearest.ts';
import { paramFault, shapeOfParam } from './params.ts';
import { firstLine, type Reader } from './read.ts';
import type { Tree } from './tree.ts';
import type { UseContext } from './use.ts';
import { compileValue, type Value } from './value.ts';

/** Gives a fragment its parameters: `with` of the include, seen by the file that includes. */
export function compileGiven(item: IncludeItem, { reader, scope }: UseContext): void {
  const { fragment, map, file } = item;
  const given = reader.map(map.entries.get('with')?.value, '`with`');
  const names = fragment.params.map((param) => param.name);
  for (const [name, { key, value: tree }] of given?.entries ?? []) {
    const param = fragment.params.find((candidate) => candidate.name === name);
    const value = compileValue(tree, { scope, problems: reader.problems });
    if (param === undefined) {
      reader.problems.add(key, `the fragment ${file} has no parameter \`${name}\``, suggestion(name, names));
      continue;
    }
    checkGiven(param, tree, value, reader);
    fragment.given.set(name, value);
  }
  for (const param of fragment.params) {
    if (!param.required || fragment.given.has(param.name)) continue;
    const span = map.entries.get('include')?.value ?? firstLine(map);
    reader.problems.add(
      span,
      `the fragment ${file} needs \`with.${param.name}\` (${param.type})`,
      param.summary,
    );
  }
}

function checkGiven(param: Param, tree: Tree, value: Value, { problems }: Reader): void {
  const [hole] = value.holes;
  if (hole === undefined) {
    const fault = paramFault(param, value.known);
    if (fault !== undefined) problems.add(tree, `\`${param.name}\` ${fault}`);
    return;
  }
  if (hole.path.length > 0 || hole.shape.kind === 'dyn') return;
  const wanted = shapeOfParam(param).kind;
  const kind = hole.shape.kind === 'object' ? 'map' : hole.shape.kind;
  const numbers = wanted === 'double' && kind === 'int';
  if (kind !== wanted && !numbers)
    problems.add(
      hole.tree,
      `\`${param.name}\` must be of type ${param.type}; the expression gives ${names[kind]}`,
    );
}

const names = {
  string: 'a text',
  int: 'an integer',
  double: 'a number',
  bool: 'true or false',
  secret: 'a secret',
  list: 'a list',
  map: 'a map',
};
