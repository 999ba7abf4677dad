import { defineCheck, objectFact, pass, type Runbook } from '@claw-run/core';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Grant } from '../../src/index.ts';
import { type Bench, proof, runbookOf, step, use } from './bench.ts';
import { authority, clusterRole, clusterRoleBinding, refOfRole } from './rbac-steps.ts';
import { rolesOf } from './rights.ts';
import { configMap, has, note, setting, value } from './steps.ts';

/** The users whose rights the contract is about. */
export const users = ['reader', 'patient', 'undoer', 'giver', 'owner'] as const;

const words = ({ verb, resource, group, namespace, name }: Grant) =>
  [
    verb,
    `${resource}${group === '' ? '' : `.${group}`}`,
    name,
    namespace === undefined ? undefined : `in ${namespace}`,
  ]
    .filter((word) => word !== undefined)
    .join(' ');

/** How long an API server may take to hear of a right that it was given. */
const heardMs = 30_000;

/** Grants what is asked for until nothing more is; gives what was asked in each round. What was just granted may be asked for again until the server has heard of it. */
async function grantUntilItRuns(
  bench: Bench,
  user: string,
  runbook: Runbook,
): Promise<readonly (readonly string[])[]> {
  const cluster = await bench.connectAs(user);
  const rounds: (readonly string[])[] = [];
  let granted = Date.now();
  while (rounds.length < 9) {
    const { outcome } = await bench.go(runbook, { connections: { cluster } });
    if (outcome.status === 'ok') return rounds;
    expect(outcome, JSON.stringify(outcome.problems)).toMatchObject({ status: 'refused', exit: 3 });
    const asked = outcome.missingGrants.map(words);
    const before = rounds.at(-1) ?? [];
    // refused for what it may by the time that it asks, or for what it was given
    const unheard = asked.every((one) => before.includes(one)) && Date.now() - granted < heardMs;
    if (unheard && rounds.length > 0) continue;
    expect(outcome.missingGrants).not.toEqual([]);
    rounds.push(asked);
    await bench.put(...rolesOf(user, outcome.missingGrants, rounds.length));
    granted = Date.now();
  }
  throw new Error(`still refused after ${rounds.length} rounds: ${JSON.stringify(rounds)}`);
}

/** What a run asks for where rights are missing, and that exactly those let it pass. */
export function describeGrants(bench: () => Bench): void {
  describe('rights', () => {
    it('who may not change what is planned is told exactly what he lacks, and nothing is touched', async () => {
      await bench().put(configMap('denied', { text: 'then' }));
      await bench().put(
        ...rolesOf(
          'reader',
          [{ target: 'cluster', group: '', resource: 'configmaps', verb: 'get', namespace: 'default' }],
          0,
        ),
      );
      const runbook = runbookOf({
        steps: [
          step('one', setting, { name: 'denied', value: 'now' }),
          step('two', setting, { name: 'new', value: 'now' }),
        ],
      });
      const { outcome, events } = await bench().go(runbook, {
        connections: { cluster: await bench().connectAs('reader') },
      });
      expect(outcome).toMatchObject({ status: 'refused', exit: 3, problems: [{ code: 'forbidden' }] });
      expect(outcome.missingGrants.map(words).sort()).toEqual([
        'create configmaps in default',
        'create leases.coordination.k8s.io in default',
        'delete configmaps new in default',
        'delete leases.coordination.k8s.io claw-run in default',
        'get leases.coordination.k8s.io claw-run in default',
        'patch configmaps denied in default',
        'update leases.coordination.k8s.io claw-run in default',
      ]);
      expect(events.some(({ type }) => type === 'action.intended')).toBe(false);
      expect([await bench().text('denied'), await bench().text('new')]).toEqual(['then', undefined]);
    });

    it('granting exactly what is asked for lets the run pass, in two rounds: what it reads, then what it changes', async () => {
      await bench().put(configMap('watched', { text: 'x' }), configMap('changed', { text: 'then' }));
      const runbook = runbookOf({
        lookups: [use('current', value, { name: 'watched' })],
        causes: [use('wrong', has, { name: 'changed', value: 'now' })],
        steps: [
          step('one', setting, { name: 'changed', value: 'now' }),
          step('two', setting, { name: 'made', value: '1' }),
        ],
        verify: [
          proof('right', has, { name: 'changed', value: 'now' }),
          proof('other', has, { name: 'only-verified', value: 'now' }, { if: () => false }),
          proof('noted', note, { name: 'noted' }),
        ],
      });
      const rounds = await grantUntilItRuns(bench(), 'patient', runbook);
      expect(rounds).toHaveLength(2);
      expect(rounds[0]).toEqual(
        expect.arrayContaining(['get configmaps watched in default', 'get configmaps changed in default']),
      );
      expect(await bench().text('changed')).toBe('now');
    });

    it('what reads in two stages, and knows no case of nothing being there, is asked for all the same', async () => {
      const fussy = defineCheck({
        id: 'test.fussy',
        on: 'cluster',
        summary: 'A ConfigMap names another',
        input: z.strictObject({ name: z.string() }),
        examples: [],
        facts: ({ name }) => ({
          first: objectFact({
            ref: { apiVersion: 'v1', kind: 'ConfigMap', name, namespace: 'default' },
            parse: (object) => {
              if (object === null) throw new Error('it cannot be read');
              return object.metadata.name;
            },
          }),
        }),
        moreFacts: (_, { first }) => ({
          second: objectFact({
            ref: { apiVersion: 'v1', kind: 'ConfigMap', name: first, namespace: 'default' },
            parse: (object) => object !== null,
          }),
        }),
        expect: () => pass('it does'),
      });
      const runbook = runbookOf({ causes: [use('wrong', fussy, { name: 'fussy' })] });
      const cluster = await bench().connectAs('owner');
      const { outcome } = await bench().go(runbook, { connections: { cluster } });
      expect(outcome).toMatchObject({ status: 'refused', problems: [{ code: 'forbidden' }] });
      expect(outcome.missingGrants.map(words)).toEqual(['get configmaps fussy in default']);
    });

    it('what cannot be taken back takes no right to do so', async () => {
      const forGood = { ...note, id: 'test.for-good', undo: { irreversible: 'what is written stays' } };
      const cluster = await bench().connectAs('undoer');
      await bench().put(
        ...rolesOf(
          'undoer',
          [{ target: 'cluster', group: '', resource: 'configmaps', verb: 'get', namespace: 'default' }],
          7,
        ),
      );
      const runbook = runbookOf({ steps: [step('one', forGood, { name: 'for-good' })] });
      const asked = async () => {
        const { outcome } = await bench().go(runbook, { connections: { cluster } });
        return outcome.missingGrants.map(words).filter((one) => !one.includes('leases'));
      };
      await expect.poll(asked).toEqual(['create configmaps in default']);
    });

    it('who undoes needs no more than what was asked for the run', async () => {
      const runbook = runbookOf({ steps: [step('one', setting, { name: 'undone', value: '1' })] });
      await grantUntilItRuns(bench(), 'undoer', runbook);
      await bench().remove('undone');
      const cluster = await bench().connectAs('undoer');
      const { outcome } = await bench().go(runbook, { connections: { cluster } });
      const undone = await bench().undo(runbook, outcome.run, { connections: { cluster } });
      expect(undone.outcome).toMatchObject({ status: 'ok', problems: [] });
      expect(await bench().text('undone')).toBeUndefined();
    });

    it('who hands on rights he has not is asked for the verbs that RBAC wants, and then it works', async () => {
      const runbook = runbookOf({
        steps: [
          step('role', authority, { object: clusterRole('handed-on', ['get']) }),
          step('binding', authority, { object: clusterRoleBinding('handed-on', 'handed-on') }),
        ],
      });
      const rounds = await grantUntilItRuns(bench(), 'giver', runbook);
      expect(rounds.flat()).toEqual(
        expect.arrayContaining([
          'escalate clusterroles.rbac.authorization.k8s.io',
          'bind clusterroles.rbac.authorization.k8s.io handed-on',
        ]),
      );
      expect(rounds.length).toBeLessThanOrEqual(3);
      expect(await bench().get(refOfRole('handed-on'))).not.toBeNull();
    });

    it('who has the rights that he hands on needs no other once he may make the binding', async () => {
      await bench().put(clusterRole('own', ['get']));
      await bench().put(
        ...rolesOf('owner', [{ target: 'cluster', group: '', resource: 'pods', verb: 'get' }], 0),
      );
      const runbook = runbookOf({
        steps: [step('binding', authority, { object: clusterRoleBinding('handed-on-own', 'own') })],
      });
      const cluster = await bench().connectAs('owner');
      for (let round = 1; round <= 2; round += 1) {
        const { outcome } = await bench().go(runbook, { connections: { cluster } });
        const plain = outcome.missingGrants.filter(({ verb }) => verb !== 'bind');
        await bench().put(...rolesOf('owner', plain, round));
      }
      const last = async () => (await bench().go(runbook, { connections: { cluster } })).outcome;
      await expect.poll(last).toMatchObject({ status: 'ok', problems: [], missingGrants: [] });
    });
  });
}
