import { type AnyCheck, type AnyLookup, mapSecrets } from '@claw-run/core';
import { expect, it } from 'vitest';
import type { Play } from './bench.ts';
import { expectEqual, expectJson } from './expectations.ts';
import type { Subject } from './subject.ts';

const findings = { pass: 'excluded', fail: 'found', unknown: 'unknown' } as const;

/** The laws of what only answers: checks and lookups. */
export function describeAnswers(subject: Subject, definition: AnyCheck | AnyLookup, play: Play): void {
  it('asking twice gives the same answer, and changes nothing', () =>
    play(subject, async ({ trial, snapshot }) => {
      const before = await snapshot();
      const [first, second] = [await trial.ask(), await trial.ask()];
      expectEqual({ ...second, at: '', run: '' }, { ...first, at: '', run: '' });
      expect(trial.performed()).toBe(0);
      expectEqual(await snapshot(), before);
    }));

  it('its answer is JSON, and says why', () =>
    play(subject, async ({ trial, observe }) => {
      const { seen } = await observe();
      const answer = await trial.ask();
      expectJson(seen, 'the observation');
      expectJson(answer, 'the answer');
      if (answer.type === 'cause') {
        expect(answer.evidence.because.trim()).not.toBe('');
        if (subject.finds !== undefined) {
          expect(answer, answer.evidence.because).toMatchObject({ finding: findings[subject.finds] });
        }
      } else if (answer.value === undefined) {
        expect(answer.because?.trim()).not.toBe('');
      } else if (definition.type === 'lookup') {
        const value = mapSecrets(answer.value, String);
        expect(definition.output.safeParse(value).error?.issues ?? []).toEqual([]);
      }
    }));
}
