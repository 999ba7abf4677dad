import { inspect } from 'node:util';
import { expect, expectTypeOf, test } from 'vitest';
import {
  ClawError,
  equal,
  isObject,
  mapSecrets,
  problemOf,
  Secret,
  secretsIn,
  textsIn,
} from '../src/index.ts';

// what an installed step library brings along: the same package once more
const copy: typeof import('../src/index.ts') = {
  ...(await load('secret')),
  ...(await load('problem')),
} as never;

async function load(name: string): Promise<object> {
  return import(/* @vite-ignore */ `../src/${name}.ts?copy`);
}

test('there are two copies', () => {
  expect(copy.Secret).not.toBe(Secret);
  expect(copy.ClawError).not.toBe(ClawError);
});

test('a secret of another copy is a secret', () => {
  const secret: unknown = new copy.Secret('hunter2');
  expect(secret).toBeInstanceOf(Secret);
  expect(isObject(secret)).toBe(false);
  expect(secretsIn({ a: [secret] })).toEqual([secret]);
  expect(textsIn([secret, 'clear'])).toEqual(['clear']);
  expect(mapSecrets({ a: secret }, (one) => one.reveal())).toEqual({ a: 'hunter2' });
  expect(equal(secret as Secret, new Secret('hunter2'))).toBe(true);
  expect(inspect({ secret })).toBe('{ secret: ‹secret› }');
  expect(JSON.stringify({ secret })).toBe('{"secret":"‹secret›"}');
  expect(Object.keys(secret as object)).toEqual([]);
});

test('an error of another copy is an error of ours', () => {
  const error: unknown = new copy.ClawError('not-found', 'it is not there', { hint: 'look again' });
  expect(error).toBeInstanceOf(ClawError);
  expect(problemOf(error)).toEqual({ code: 'not-found', message: 'it is not there', hint: 'look again' });
});

test('what only looks alike is neither', () => {
  for (const value of [
    { reveal: () => 'x' },
    JSON.parse('{"claw-run.secret":true}'),
    null,
    'x',
    new Error('x'),
  ]) {
    expect(value).not.toBeInstanceOf(Secret);
    expect(value).not.toBeInstanceOf(ClawError);
  }
});

test('the types of two copies are one: no member is known by its declaration', () => {
  expectTypeOf<{ reveal(): string; toString(): string; toJSON(): string }>().toExtend<Secret>();
});
