import { createRedactor, type Difference, Secret } from '@claw-run/core';
import { expect, it } from 'vitest';
import { type RunEvent, shownOf } from '../src/index.ts';

function planned(diff: readonly Difference[]): RunEvent {
  const head = { at: '2026-01-01T00:00:00Z', run: 'r1', id: 'a', name: 'A', uses: 'x.y', on: 'h' } as const;
  return { ...head, type: 'step.planned', plan: 'change', because: 'so', diff };
}

function shown(...diff: readonly Difference[]): unknown {
  return JSON.parse(JSON.stringify(shownOf(planned(diff), createRedactor()))).diff;
}

it('of a file that is edited the lines that change are shown, and no others', () => {
  const before = 'password = hush\nlevel = 1\ntoken: hush\nend\n';
  const path = ['file /x', 'content'];
  expect(shown({ path, before, after: before.replace('1', '2') })).toEqual([
    { path, lines: ['  …', '- level = 1', '+ level = 2', '  …'] },
  ]);
});

it('a line that sets a password says so, and not which', () => {
  const path = ['file /x', 'content'];
  const before = 'ldap_default_authtok = old-one\napi-key: old\npassword_file = /a\n';
  const after = 'ldap_default_authtok = new-one\napi-key: new\npassword_file = /b\n';
  expect(shown({ path, before, after })).toEqual([
    {
      path,
      lines: [
        '- ldap_default_authtok = ‹secret›',
        '- api-key: ‹secret›',
        '- password_file = /a',
        '+ ldap_default_authtok = ‹secret›',
        '+ api-key: ‹secret›',
        '+ password_file = /b',
      ],
    },
  ]);
});

it('of a file that is made all is shown, of one that is removed nothing', () => {
  const file = { content: 'one\ntwo\n', mode: 384 };
  expect(shown({ path: ['file /x'], before: null, after: file })).toEqual([
    { path: ['file /x'], before: null, after: file },
  ]);
  expect(shown({ path: ['file /x'], before: file, after: null })).toEqual([
    { path: ['file /x'], before: { content: '‹secret›', mode: 384 }, after: null },
  ]);
  expect(shown({ path: ['file /x'], before: null, after: 'text' })).toEqual([
    { path: ['file /x'], before: null, after: 'text' },
  ]);
});

it('of a file that an event writes nothing is shown: what was there before is not known', () => {
  expect(shown({ path: ['file /x'], after: 'password = hush\n' })).toEqual([
    { path: ['file /x'], after: '‹secret›' },
  ]);
});

it('what is written and what a command reads are not in actions', () => {
  const event: RunEvent = {
    at: '2026-01-01T00:00:00Z',
    run: 'r1',
    type: 'action.intended',
    id: 'a',
    key: 'r1/a/0',
    action: { do: 'write', path: '/x', content: 'password = hush\n' },
  };
  expect(shownOf(event, createRedactor())).toMatchObject({
    action: { path: '/x', content: expect.any(Secret) },
  });
});
