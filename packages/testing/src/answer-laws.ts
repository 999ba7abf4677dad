import { type AnyCheck, type AnyLookup, mapSecrets } from '@claw-run/core';
import { expect, it } from 'vitest';
import type { Play } from './bench.ts';
import { expectEqual, expectJson } from './expectations.ts';
import { law } from './law.ts';
import type { Subject } from './subject.ts';
import type { Trial } from './trial.ts';

const findings = { pass: 'excluded', fail: 'found', unknown: 'unknown' } as const;

/** The laws of what only answers: checks and lookups. */
export function describeAnswers(subject: Subject, definition: AnyCheck | AnyLookup, play: Play): void {
  it('keeps the laws of an answer', () =>
    play(subject, async ({ trial, observe, snapshot }) => {
      const before = await snapshot();
      const answer = await trial.ask();
      await law('an answer says why', () => expectReason(definition, answer));
      await law('a check finds what it should', () => expectFinding(subject, answer));
      await law('observation and answer are JSON', async () => {
        expectJson((await observe()).seen, 'the observation');
        expectJson(answer, 'the answer');
      });
      await law('asked twice is the same answer', async () =>
        expectEqual({ ...(await trial.ask()), at: '', run: '' }, { ...answer, at: '', run: '' }),
      );
      await law('asking changes nothing', async () => {
        expect(trial.performed()).toBe(0);
        expectEqual(await snapshot(), before);
      });
    }));
}

type Answer = Awaited<ReturnType<Trial['ask']>>;

function expectReason(definition: AnyCheck | AnyLookup, answer: Answer): void {
  if (answer.type === 'cause') {
    expect(answer.evidence.because.trim()).not.toBe('');
  } else if (answer.value === undefined) {
    expect(answer.because?.trim()).not.toBe('');
  } else if (definition.type === 'lookup') {
    const value = mapSecrets(answer.value, String);
    expect(definition.output.safeParse(value).error?.issues ?? []).toEqual([]);
  }
}

function expectFinding({ finds }: Subject, answer: Answer): void {
  if (answer.type === 'cause' && finds !== undefined)
    expect(answer, answer.evidence.because).toMatchObject({ finding: findings[finds] });
}
