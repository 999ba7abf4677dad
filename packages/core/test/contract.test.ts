import { expect, expectTypeOf, test } from 'vitest';
import * as z from 'zod';
import {
  createLibrary,
  defineCheck,
  defineState,
  objectFact,
  pass,
  refused,
  reviewFact,
  runFact,
} from '../src/index.ts';

interface Group {
  readonly gid: number;
  readonly members: readonly string[];
}

const group = (name: string) =>
  runFact<Group | null>({
    key: `group ${name}`,
    argv: ['getent', 'group', name],
    parse: ({ exit, stdout }) => {
      const [, , gid, members = ''] = stdout.trim().split(':');
      return exit === 0 ? { gid: Number(gid), members: members.split(',').filter(Boolean) } : null;
    },
  });

const groupMember = defineState({
  id: 'test.group-member',
  on: 'host',
  summary: 'A user belongs to a group',
  risk: 'routine',
  input: z.object({ user: z.string(), group: z.string() }),
  examples: [{ title: 'alice', with: { user: 'alice', group: 'claw-users' } }],
  facts: (input) => ({ group: group(input.group) }),
  desire: (input, seen) =>
    seen.group === null
      ? refused(`there is no group ${input.group}`)
      : { group: { ...seen.group, members: [...new Set([...seen.group.members, input.user])] } },
  actions: (from, to, input) => {
    const wanted = to.group?.members.includes(input.user) ?? false;
    if (wanted === (from.group?.members.includes(input.user) ?? false)) return [];
    return [
      {
        do: 'run',
        argv: wanted
          ? ['usermod', '-aG', input.group, input.user]
          : ['gpasswd', '-d', input.user, input.group],
        sudo: true,
      },
    ];
  },
});

const canI = defineCheck({
  id: 'test.account-can',
  on: 'cluster',
  summary: 'An account of a Deployment may do something',
  input: z.object({ deployment: z.string(), namespace: z.string() }),
  examples: [],
  facts: ({ deployment, namespace }) => ({
    account: objectFact({
      ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: deployment, namespace },
      parse: (object) => (object === null ? null : String(object.metadata.name)),
    }),
  }),
  moreFacts: (_input, seen) => ({
    review: reviewFact({
      key: 'review',
      review: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user: seen.account ?? '' },
      },
      parse: (answer) => answer.kind === 'x',
    }),
  }),
  expect: (_input, seen) => {
    expectTypeOf(seen.account).toEqualTypeOf<string | null>();
    expectTypeOf(seen.review).toEqualTypeOf<boolean>();
    return pass('so');
  },
});

test('host and cluster steps infer without casts and fit one library', () => {
  const library = createLibrary([groupMember, canI]);
  expect([...library.keys()]).toEqual(['test.group-member', 'test.account-can']);
  const parsed: Group | null = groupMember
    .facts({ user: 'a', group: 'b' })
    .group.parse({ exit: 2, stdout: '', stderr: '' } as never);
  expect(parsed).toBeNull();
});

test('a host step cannot take a cluster fact', () => {
  defineState({
    id: 'test.wrong',
    on: 'host',
    summary: '',
    risk: 'routine',
    input: z.object({}),
    examples: [],
    // @ts-expect-error a fact of a cluster
    facts: () => ({ it: objectFact({ ref: { apiVersion: 'v1', kind: 'Pod', name: 'x' }, parse: () => 1 }) }),
    desire: () => ({}),
    actions: () => [],
  });
});

test('two definitions of one id are refused', () => {
  expect(() => createLibrary([canI], [canI])).toThrow('two definitions claim the id test.account-can');
});
