import { isObject, Secret } from '@claw-run/core';

type Stop = (message: string) => Error;

const largestText = 1024 * 1024;

/** A JSON number as CEL sees it: whole ones are integers. */
export function lift(value: unknown): unknown {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
}

/** A value of CEL as JSON. */
export function lower(value: unknown, stop: Stop): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw stop(`the integer ${value} is too large`);
    return number;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw stop('the number is not finite');
  if (value instanceof Secret || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => lower(item, stop));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, lower(item, stop)]));
}

export function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof Secret) return 'a secret';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'bigint') return 'an integer';
  if (typeof value === 'number') return 'a number';
  if (typeof value === 'boolean') return 'true or false';
  return typeof value === 'string' ? 'a text' : 'a map';
}

/** Deep equality; an integer equals the double of the same value. Secrets equal nothing: comparing them would tell of them. */
export function equals(a: unknown, b: unknown): boolean {
  if (isNumber(a) && isNumber(b)) return Number(a) === Number(b) && (typeof a !== typeof b || a === b);
  if (a instanceof Secret || b instanceof Secret) return false;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equals(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return a === b;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equals(a[key], b[key]))
  );
}

export function compare(operator: '<' | '<=' | '>' | '>=', a: unknown, b: unknown, stop: Stop): boolean {
  const same = typeof a === typeof b && (typeof a === 'string' || typeof a === 'boolean');
  if (!same && !(isNumber(a) && isNumber(b)))
    throw stop(`\`${operator}\` cannot compare ${typeOf(a)} and ${typeOf(b)}`);
  const left = a as string;
  const right = b as string;
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
}

export function arithmetic(operator: string, a: unknown, b: unknown, stop: Stop): unknown {
  if (typeof a === 'bigint' && typeof b === 'bigint') return integers(operator, a, b, stop);
  if (isNumber(a) && isNumber(b)) return doubles(operator, Number(a), Number(b), stop);
  if (operator === '+' && typeof a === 'string' && typeof b === 'string') return limited(a + b, stop);
  if (operator === '+' && Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
  throw stop(`\`${operator}\` cannot work on ${typeOf(a)} and ${typeOf(b)}`);
}

export function limited(text: string, stop: Stop): string {
  if (text.length > largestText) throw stop('the text grows beyond 1 MiB');
  return text;
}

function isNumber(value: unknown): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number';
}

function integers(operator: string, a: bigint, b: bigint, stop: Stop): bigint {
  if ((operator === '/' || operator === '%') && b === 0n) throw stop('division by zero');
  const result = integerResult(operator, a, b);
  if (result === undefined || result !== BigInt.asIntN(64, result)) throw stop('the integer is too large');
  return result;
}

function integerResult(operator: string, a: bigint, b: bigint): bigint | undefined {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    default:
      return undefined;
  }
}

function doubles(operator: string, a: number, b: number, stop: Stop): number {
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  if (operator === '/') return a / b;
  throw stop(`\`${operator}\` works on integers only`);
}
