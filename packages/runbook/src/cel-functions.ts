import { isObject } from '@claw-run/core';
import { lift, limited, typeOf } from './cel-values.ts';
import { compilePattern } from './regex.ts';

type Stop = (message: string) => Error;

/** `size(…)`, `string(…)`, `int(…)`, `double(…)`, `bool(…)`. */
export function callFunction(name: string, given: readonly unknown[], stop: Stop): unknown {
  const [value] = given;
  switch (name) {
    case 'size':
      return sizeOf(value, stop);
    case 'string':
      return textOf(value, stop);
    case 'int':
      return toInteger(value, stop);
    case 'double':
      return toDouble(value, stop);
    case 'bool':
      if (value === true || value === 'true') return true;
      if (value === false || value === 'false') return false;
      throw stop(`${typeOf(value)} is neither true nor false`);
    default:
      throw stop(`there is no function \`${name}\``);
  }
}

/** A value inside a text: texts, numbers and booleans only. */
export function textOf(value: unknown, stop: Stop): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw stop(`${typeOf(value)} cannot be put into a text`);
}

/** The methods of texts, lists and maps. */
export function callMethod(name: string, receiver: unknown, given: readonly unknown[], stop: Stop): unknown {
  if (name === 'size') return sizeOf(receiver, stop);
  if (name === 'join') return join(receiver, given[0], stop);
  if (typeof receiver !== 'string')
    throw stop(`\`.${name}()\` is a method of texts; this is ${typeOf(receiver)}`);
  return textMethod(name, receiver, given, stop);
}

function textMethod(name: string, text: string, given: readonly unknown[], stop: Stop): unknown {
  const word = (index: number): string => {
    const value = given[index];
    if (typeof value === 'string') return value;
    throw stop(`\`.${name}()\` needs a text; this is ${typeOf(value)}`);
  };
  switch (name) {
    case 'startsWith':
      return text.startsWith(word(0));
    case 'endsWith':
      return text.endsWith(word(0));
    case 'contains':
      return text.includes(word(0));
    case 'matches':
      return matches(text, word(0), stop);
    case 'lowerAscii':
      return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    case 'upperAscii':
      return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
    case 'trim':
      return text.trim();
    case 'split':
      return text.split(word(0), given[1] === undefined ? undefined : index(given[1], stop));
    case 'indexOf':
      return BigInt(text.indexOf(word(0), given[1] === undefined ? 0 : index(given[1], stop)));
    case 'substring':
      return text.substring(
        index(given[0], stop),
        given[1] === undefined ? undefined : index(given[1], stop),
      );
    default:
      throw stop(`there is no method \`${name}\``);
  }
}

// RE2 instead of the regular expressions of JavaScript: no pattern of a runbook can take exponential time.
function matches(text: string, pattern: string, stop: Stop): boolean {
  const compiled = compilePattern(pattern);
  if (!compiled.ok) throw stop(`the pattern is not RE2: ${compiled.reason}`);
  return compiled.pattern.test(text);
}

function join(list: unknown, separator: unknown, stop: Stop): string {
  if (!Array.isArray(list)) throw stop(`\`.join()\` is a method of lists; this is ${typeOf(list)}`);
  return limited(
    list.map((item) => textOf(lift(item), stop)).join(typeof separator === 'string' ? separator : ''),
    stop,
  );
}

function index(value: unknown, stop: Stop): number {
  if (typeof value === 'bigint' && value >= 0n) return Number(value);
  throw stop('an index is an integer from 0 on');
}

function sizeOf(value: unknown, stop: Stop): bigint {
  if (typeof value === 'string') return BigInt([...value].length);
  if (Array.isArray(value)) return BigInt(value.length);
  if (isObject(value)) return BigInt(Object.keys(value).length);
  throw stop(`${typeOf(value)} has no size`);
}

function toInteger(value: unknown, stop: Stop): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return BigInt(Math.trunc(value));
  if (typeof value === 'string' && /^[+-]?\d{1,18}$/.test(value)) return BigInt(value.replace('+', ''));
  throw stop(`${typeof value === 'string' ? 'the text' : typeOf(value)} is not an integer`);
}

function toDouble(value: unknown, stop: Stop): number {
  if (typeof value === 'bigint' || typeof value === 'number') return Number(value);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  if (Number.isFinite(number)) return number;
  throw stop(`${typeof value === 'string' ? 'the text' : typeOf(value)} is not a number`);
}
