import { equal, isPrintable, type Json, type Param, Secret } from '@claw-run/core';
import { UsageError } from '../cli/usage-error.ts';
import type { Params } from '../run/params.ts';

/** How a pod is given the parameters of a runbook: those that are not as they are anyway, on its command line; secrets by variables. */
export interface PodParams {
  readonly args: readonly string[];
  readonly variables: readonly string[];
}

/** @throws UsageError for a secret that no variable holds */
export function podParams(declared: readonly Param[], params: Params): PodParams {
  const args: string[] = [];
  const variables: string[] = [];
  for (const param of declared) {
    const value = params[param.name];
    if (value === undefined) continue;
    if (param.type === 'secret') {
      if (!(value instanceof Secret) && param.default !== undefined) continue;
      variables.push(variableOf(param));
    } else if (!equal(value as Json, param.default)) {
      args.push('-e', `${param.name}=${textOf(param.name, value as Json)}`);
    }
  }
  return { args, variables };
}

function variableOf({ name, from }: Param): string {
  const source = from.find((each) => /^env:[A-Za-z_][A-Za-z0-9_]*$/.test(each));
  if (source === undefined)
    throw new UsageError(
      `the secret ${name} cannot be given to a pod: no variable holds it`,
      `add env:NAME to \`from\` of the parameter ${name}`,
    );
  return source.slice('env:'.length);
}

function textOf(name: string, value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (isPrintable(text)) return text;
  throw new UsageError(
    `the parameter ${name} holds a line end or a character that cannot be seen: a manifest would not show it`,
    'make it the default of the parameter, in the runbook',
  );
}
