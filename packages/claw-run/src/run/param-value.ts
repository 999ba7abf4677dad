import {
  isExactNumber,
  type Json,
  type Param,
  type ParamValue,
  parseExactJson,
  Secret,
} from '@claw-run/core';
import { paramFault } from '@claw-run/runbook';

/** A value that fits, or what is wrong with it. */
export type Read = { readonly value: ParamValue } | { readonly fault: string };

/** Reads a text (of the command line, the environment, a prompt) as the type of a parameter. */
export function readParamText(param: Param, text: string): Read {
  switch (param.type) {
    case 'string':
      return checked(param, text);
    case 'secret':
      return checked(param, new Secret(text));
    case 'integer':
    case 'number':
      if (/\d/.test(text) && Number.isFinite(Number(text)) && !isExactNumber(text))
        return { fault: tooLong(text) };
      return checked(param, /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(text) ? Number(text) : text);
    case 'boolean':
      return checked(param, switches[text.trim().toLowerCase()] ?? text);
    case 'list':
      return /^\s*\[/.test(text) ? readJson(param, text) : checked(param, commaSeparated(text));
    case 'map':
      return readJson(param, text);
  }
}

/** Reads a value of a parameter file. */
export function readParamJson(param: Param, value: ParamValue): Read {
  if (param.type === 'secret' && typeof value === 'string') return checked(param, new Secret(value));
  return checked(param, value);
}

const switches: { readonly [text: string]: boolean } = {
  true: true,
  yes: true,
  on: true,
  false: false,
  no: false,
  off: false,
};

function checked(param: Param, value: ParamValue): Read {
  const fault = paramFault(param, value);
  return fault === undefined ? { value } : { fault };
}

function commaSeparated(text: string): readonly string[] {
  return text.trim() === '' ? [] : text.split(',').map((item) => item.trim());
}

function readJson(param: Param, text: string): Read {
  let inexact: string | undefined;
  const note = (source: string) => {
    inexact ??= source;
  };
  try {
    const value = parseExactJson(text, note) as Json;
    return inexact === undefined ? checked(param, value) : { fault: tooLong(inexact) };
  } catch {
    return checked(param, text);
  }
}

/** What is said of a number that would be another one. */
export function tooLong(source: string): string {
  return `has a number with more digits than a number keeps: ${source.trim()} would be ${Number(source)}`;
}
