import type { ClusterObject } from '@claw-run/core';
import type { Subject } from '@claw-run/testing';
import fc from 'fast-check';
import { namespace, serviceAccount } from '../../src/index.ts';
import { clusterObject, home, object } from './given.ts';

const account = { definition: serviceAccount, with: { name: 'worker', namespace: home } };
const kind = ['v1', 'ServiceAccount', 'worker'] as const;

const marks = fc.option(
  fc.dictionary(fc.constantFrom('team', 'example.org/team', 'tier'), fc.constantFrom('', 'x', 'y'), {
    minKeys: 1,
    maxKeys: 2,
  }),
  { nil: undefined },
);
const flag = fc.option(fc.boolean(), { nil: undefined });

/** An account that is absent, or present with marks and settings of others. */
const accounts: fc.Arbitrary<readonly ClusterObject[]> = fc.oneof(
  fc.constant([]),
  fc.record({ labels: marks, annotations: marks, flag }).map(({ flag, ...meta }) => [
    object(kind, flag === undefined ? {} : { automountServiceAccountToken: flag }, {
      ...(meta.labels === undefined ? {} : { labels: meta.labels }),
      ...(meta.annotations === undefined ? {} : { annotations: meta.annotations }),
    }),
  ]),
);

export const accountSubjects: readonly Subject[] = [
  {
    ...account,
    title: 'no account',
    givens: accounts,
    inputs: fc
      .record({ labels: marks, annotations: marks, 'automount-token': flag, state: state() })
      .map((it) => ({ ...account.with, ...it })),
  },
  { ...account, title: 'an account', given: [object(kind)], plans: 'settled' },
  {
    ...account,
    title: 'an account with marks of others',
    with: { ...account.with, labels: { team: 'x' }, annotations: { 'example.org/team': '1' } },
    given: [object(kind, {}, { labels: { tier: 'y' } })],
  },
  {
    ...account,
    title: 'an account to be taken away',
    with: { ...account.with, state: 'absent' },
    given: [object(kind, { automountServiceAccountToken: false }, { labels: { team: 'x' } })],
  },
  { definition: namespace, title: 'no namespace', with: { name: 'laws-new', labels: { team: 'x' } } },
  {
    definition: namespace,
    title: 'a namespace with marks of others',
    with: { name: 'laws-other', labels: { team: 'x' } },
    before: undefined,
    given: [clusterObject(['v1', 'Namespace', 'laws-other'], {}, { annotations: { tier: 'y' } })],
  },
];

export function state(): fc.Arbitrary<'present' | 'absent'> {
  return fc.constantFrom('present', 'absent');
}
