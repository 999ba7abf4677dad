import { randomBytes } from 'node:crypto';
import { createRedactor, Secret } from '@claw-run/core';
import { describe, expect, it, test } from 'vitest';
import { type JournalRecord, journalCodec, stateKeyFrom } from '../src/index.ts';

const key = stateKeyFrom(randomBytes(32));
const at = '2026-01-01T00:00:00Z';
const records: readonly JournalRecord[] = ['a', 'b', 'c'].map((id) => ({
  type: 'action.intended',
  at,
  run: 'r1',
  id,
  key: `r1/${id}/0`,
  action: { do: 'write', path: '/etc/x.conf', content: new Secret(`s3cret of ${id}`) },
}));

const codec = (id = 'r1', more = {}) => journalCodec<JournalRecord>('run', id, { key, ...more });

function lines(): readonly string[] {
  const { encode } = codec();
  return records.map(encode);
}

it('gives records back, and goes on behind them', () => {
  const first = lines();
  const again = codec();
  const decoded = again.decode(first);
  expect(
    decoded.map((record) => (record as { action: { content: Secret } }).action.content.reveal()),
  ).toEqual(['s3cret of a', 's3cret of b', 's3cret of c']);
  const next = again.encode({ type: 'journal.resumed', at, run: 'r1', who: 'me' });
  expect(
    codec()
      .decode([...first, next])
      .at(-1),
  ).toEqual({ type: 'journal.resumed', at, run: 'r1', who: 'me' });
});

it('hides secrets, texts that hold one, and what is done on targets', () => {
  const redactor = createRedactor();
  redactor.add(new Secret('hunter2-hunter2'));
  const line = codec('r1', { redactor }).encode({
    type: 'step.waiting',
    at,
    run: 'r1',
    id: 'a',
    because: 'it said hunter2-hunter2',
  });
  expect(line).not.toContain('hunter2');
  expect(lines().join()).not.toMatch(/s3cret|x\.conf/);
  const knows = createRedactor();
  codec('r1', { redactor: knows }).decode(lines());
  expect(knows.holds('the s3cret of b')).toBe(true);
});

describe('says `journal-damaged` of', () => {
  const changes: readonly (readonly [string, (all: readonly string[]) => readonly string[]])[] = [
    ['a line that was altered', (all) => all.with(1, (all[1] ?? '').replace('"b"', '"z"'))],
    [
      'something sealed that was altered',
      (all) => all.with(2, (all[2] ?? '').replace('"data":"', '"data":"A')),
    ],
    ['a line that is missing', (all) => all.toSpliced(1, 1)],
    ['lines that were exchanged', (all) => all.with(1, all[2] ?? '').with(2, all[1] ?? '')],
    ['a line that is there twice', (all) => [...all, all[2] ?? '']],
    ['a line in the middle that was cut off', (all) => all.with(1, (all[1] ?? '').slice(0, 40))],
  ];
  test.each(changes)('%s', (_what, change) => {
    expect(() => codec().decode(change(lines()))).toThrow(
      expect.objectContaining({ code: 'journal-damaged' }),
    );
  });

  test('another journal, of another id, kind or key', () => {
    const others = [
      codec('r2'),
      journalCodec('fleet', 'r1', { key }),
      codec('r1', { key: stateKeyFrom(randomBytes(32)) }),
    ];
    for (const other of others)
      expect(() => other.decode(lines())).toThrow(expect.objectContaining({ code: 'journal-damaged' }));
  });
});

it('leaves out a last line that was cut off; whether whole lines are missing is for the place to know', () => {
  const torn = [...lines(), (lines()[0] ?? '').slice(0, 30)];
  expect(codec().decode(torn)).toHaveLength(3);
  expect(codec().decode(lines().slice(0, 2))).toHaveLength(2);
});

it('takes keys of 32 bytes', () => {
  expect(() => stateKeyFrom(randomBytes(16))).toThrow('the key is damaged: it has 16 bytes instead of 32');
});
