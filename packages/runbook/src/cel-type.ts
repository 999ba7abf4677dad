import { Secret } from '@claw-run/core';
import { Environment } from '@marcbachmann/cel-js';
import { dyn, type Shape, type Shapes } from './shape.ts';

const checked: { readonly [name: string]: { readonly [field: string]: string } } = {
  Step: { changed: 'bool', skipped: 'bool', output: 'dyn' },
  Cause: { found: 'bool', excluded: 'bool', unknown: 'bool', evidence: 'dyn' },
  Target: { name: 'string', kind: 'string' },
  Run: { id: 'string', startedAt: 'string', dryRun: 'bool' },
};

/** The fields of what `steps.x`, `causes.x`, `targets.x` and `run` are. */
export const fieldsOf: { readonly [root: string]: readonly string[] } = {
  steps: Object.keys(checked.Step ?? {}),
  causes: Object.keys(checked.Cause ?? {}),
  targets: Object.keys(checked.Target ?? {}),
  run: Object.keys(checked.Run ?? {}),
};

let base: Environment | undefined;

function baseEnvironment(): Environment {
  if (base !== undefined) return base;
  base = new Environment({
    homogeneousAggregateLiterals: false,
    limits: {
      maxAstNodes: 2000,
      maxDepth: 60,
      maxListElements: 200,
      maxMapEntries: 200,
      maxCallArguments: 8,
    },
  });
  base.registerType('secret', { ctor: Secret });
  for (const [name, fields] of Object.entries(checked)) base.registerType(name, { fields });
  for (const operator of ['+', '-', '*', '/']) {
    base.registerOperator(`int ${operator} double: double`, () => 0);
    base.registerOperator(`double ${operator} int: double`, () => 0);
  }
  base.registerOperator('int == double: bool', () => false);
  return base;
}

/** CEL's type checker, told what `params` and `facts` are. Names with `-` are declared with `_`. */
export function environmentFor(params: Shapes, facts: Shapes): Environment {
  const environment = baseEnvironment().clone();
  let types = 0;
  const typeName = (shape: Shape): string => {
    if (shape.kind === 'list') return `list<${typeName(shape.of)}>`;
    if (shape.kind === 'map') return `map<string, ${typeName(shape.of)}>`;
    return shape.kind === 'object' ? objectType(Object.entries(shape.fields)) : shape.kind;
  };
  const objectType = (fields: readonly (readonly [string, Shape])[]): string => {
    const declared = Object.fromEntries(fields.map(([name, shape]) => [name, typeName(shape)]));
    const name = `Map${++types}`;
    environment.registerType(name, { fields: declared });
    return name;
  };
  const named = (shapes: Shapes) =>
    [...shapes].map(([name, shape]) => [name.replaceAll('-', '_'), shape] as const);
  environment.registerVariable('params', objectType(named(params)));
  environment.registerVariable('facts', objectType(named(facts)));
  environment.registerVariable('steps', 'map<string, Step>');
  environment.registerVariable('causes', 'map<string, Cause>');
  environment.registerVariable('targets', 'map<string, Target>');
  environment.registerVariable('run', 'Run');
  return environment;
}

/** What a CEL type name stands for; objects of ours are maps. */
export function shapeNamed(type: string): Shape {
  if (type === 'string' || type === 'int' || type === 'double' || type === 'bool' || type === 'secret') {
    return { kind: type };
  }
  if (type === 'uint') return { kind: 'int' };
  if (type.startsWith('list')) return { kind: 'list', of: dyn };
  if (type.startsWith('map') || /^(Map\d+|Step|Cause|Target|Run)$/.test(type))
    return { kind: 'map', of: dyn };
  return dyn;
}

/** A CEL type in plain words. */
export function typeInWords(type: string): string {
  const words: { readonly [type: string]: string } = {
    string: 'a text',
    int: 'an integer',
    uint: 'an integer',
    double: 'a number',
    bool: 'true or false',
    secret: 'a secret',
    null: 'null',
    dyn: 'a value',
  };
  const shape = shapeNamed(type);
  return words[type] ?? (shape.kind === 'list' ? 'a list' : shape.kind === 'map' ? 'a map' : type);
}
