import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  ClawError,
  isExactNumber,
  isObject,
  type Json,
  type Param,
  type ParamValue,
  type Problem,
  Secret,
} from '@claw-run/core';
import { nearest } from '@claw-run/runbook';
import { UsageError } from '../cli/usage-error.ts';
import type { Context } from '../context.ts';
import { readParamJson, readParamText, tooLong } from './param-value.ts';

export type Params = { readonly [name: string]: ParamValue };

/**
 * The parameters of a runbook: from the command line, a file, the values of a program, their own sources, their defaults, and, where someone can be asked,
 * from a prompt. A parameter that is `known` but not declared may be given and is passed over. @throws ClawError `param-invalid` with every problem at once
 */
export async function collectParams(
  declared: readonly Param[],
  context: Context,
  values: { readonly [name: string]: ParamValue } = {},
  known: readonly Param[] = declared,
): Promise<Params> {
  const { io, options } = context;
  const given = givenOf(options.param ?? []);
  const file = options.params === undefined ? {} : await readParamsFile(options.params, context);
  for (const value of Object.values(given)) hide(declared, given, value, io.redactor.add);
  const problems: Problem[] = [
    ...secretsOnCommandLine(declared, given),
    ...unknownNames(known, Object.keys(given), '-e'),
    ...unknownNames(known, Object.keys({ ...file, ...values }), options.params ?? 'params'),
  ];
  const params: Record<string, ParamValue> = {};
  for (const param of declared) {
    const found = await findValue(param, { given, file: { ...file, ...values }, context });
    if (found === undefined) {
      if (param.required && given[param.name] === undefined) problems.push(missing(param));
    } else if ('fault' in found) {
      problems.push({
        code: 'param-invalid',
        message: `the parameter ${param.name} ${found.fault}`,
        ...found.hint,
      });
    } else {
      params[param.name] = found.value;
      if (found.value instanceof Secret) io.redactor.add(found.value);
    }
  }
  const [first] = problems;
  if (first !== undefined) throw new ClawError('param-invalid', first.message, { problems });
  return params;
}

interface Sources {
  readonly given: { readonly [name: string]: string };
  readonly file: { readonly [name: string]: ParamValue | undefined };
  readonly context: Context;
}

type Found = { readonly value: ParamValue } | { readonly fault: string; readonly hint?: { hint: string } };

async function findValue(param: Param, { given, file, context }: Sources): Promise<Found | undefined> {
  const text = given[param.name];
  if (text !== undefined) return param.type === 'secret' ? undefined : readParamText(param, text);
  const value = file[param.name];
  if (value !== undefined) return readParamJson(param, value);
  for (const source of param.from) {
    const found = await fromSource(param, source, context);
    if (found !== undefined) return found;
  }
  if (param.default !== undefined) return readParamJson(param, param.default);
  return param.required && context.io.canAsk && context.options.output !== 'json'
    ? ask(param, context)
    : undefined;
}

async function fromSource(param: Param, source: string, context: Context): Promise<Found | undefined> {
  const { io } = context;
  if (source === 'prompt')
    return io.canAsk && context.options.output !== 'json' ? ask(param, context) : undefined;
  const [kind, ...rest] = source.split(':');
  const name = rest.join(':');
  if (kind === 'env' && param.type === 'secret') io.hideVariable(name);
  const text = kind === 'env' ? io.env[name] : await readText(resolve(io.cwd, name));
  if (text === undefined || text === '') return undefined;
  const read = readParamText(param, kind === 'file' ? text.replace(/\r?\n$/, '') : text);
  return 'fault' in read ? { ...read, hint: { hint: `it comes from ${source}` } } : read;
}

async function ask(param: Param, context: Context): Promise<Found> {
  const { askParam } = await import('../prompt.ts');
  const read = readParamText(
    param,
    await askParam(
      param,
      (text) => {
        const result = readParamText(param, text);
        return 'fault' in result ? result.fault : undefined;
      },
      context.io,
    ),
  );
  return read;
}

function givenOf(pairs: readonly string[]): { [name: string]: string } {
  const given: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError('-e takes name=value', 'as -e namespace=production');
    given[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return given;
}

/** Secrets of the command line are hidden before anything is said about them. */
function hide(
  declared: readonly Param[],
  given: { readonly [name: string]: string },
  value: string,
  add: (secret: Secret) => void,
): void {
  if (declared.some(({ name, type }) => type === 'secret' && given[name] === value)) add(new Secret(value));
}

async function readParamsFile(
  file: string,
  { io }: Context,
): Promise<{ readonly [name: string]: Json | undefined }> {
  const text = file === '-' ? (await io.readStdin()).toString('utf8') : await readText(resolve(io.cwd, file));
  if (text === undefined) throw new UsageError(`the parameter file ${file} cannot be read`);
  const { isScalar, parseDocument, visit } = await import('yaml');
  try {
    const document = parseDocument(text);
    if (document.errors[0] !== undefined) throw document.errors[0];
    visit(document, (_, node) => {
      if (isScalar(node) && typeof node.value === 'number' && !isExactNumber(node.source ?? ''))
        throw new Error(`it ${tooLong(node.source ?? '')}`);
    });
    const value: unknown = document.toJS() ?? {};
    if (!isObject(value)) throw new Error('it is no map of names to values');
    return value as { [name: string]: Json };
  } catch (error) {
    const [why] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new UsageError(`the parameter file ${file} cannot be used: ${why}`);
  }
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function unknownNames(
  declared: readonly Param[],
  names: readonly string[],
  where: string,
): readonly Problem[] {
  const known = declared.map(({ name }) => name);
  return names
    .filter((name) => !known.includes(name))
    .map((name) => {
      const near = nearest(name, known);
      const hint = near === undefined ? `it has: ${known.join(', ') || 'none'}` : `did you mean ${near}?`;
      return { code: 'param-invalid', message: `the runbook has no parameter ${name} (${where})`, hint };
    });
}

/** Every user of a machine can read the command lines of its processes, and shells keep them. */
function secretsOnCommandLine(
  declared: readonly Param[],
  given: { readonly [name: string]: string },
): readonly Problem[] {
  return declared
    .filter(({ name, type }) => type === 'secret' && given[name] !== undefined)
    .map((param) => ({
      code: 'param-invalid',
      message: `the parameter ${param.name} is a secret: -e would show it to every user of this machine`,
      hint: `give it with ${waysOf(param).join(' or ')}, and change it if it was a real one`,
    }));
}

function missing(param: Param): Problem {
  const what = param.summary === undefined ? '' : ` (${param.summary})`;
  return {
    code: 'param-invalid',
    message: `the parameter ${param.name} is missing${what}`,
    hint: `give it with ${waysOf(param).join(' or ')}`,
  };
}

function waysOf(param: Param): readonly string[] {
  const sources = param.from
    .filter((source) => source !== 'prompt')
    .map((source) => source.replace(/^env:/, 'the variable ').replace(/^file:/, 'file '));
  const own = param.type === 'secret' ? '--params FILE' : `-e ${param.name}=…`;
  return param.type === 'secret' ? [...sources, own] : [own, ...sources];
}
