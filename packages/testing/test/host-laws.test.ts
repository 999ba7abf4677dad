import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineCheck, defineEvent, defineLookup, fail, fileFact, pass } from '@claw-run/core';
import { connectLocal } from '@claw-run/transports';
import fc from 'fast-check';
import { afterAll } from 'vitest';
import * as z from 'zod';
import { describeLaws, type Subject } from '../src/index.ts';
import { line } from './steps/line.ts';

const folder = mkdtempSync(join(tmpdir(), 'claw-run-host-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = join(folder, 'hosts');
const input = z.strictObject({ path: z.string() });
const examples = [{ title: 'The message of the day', with: { path: '/etc/motd' } }];
const content = (at: string) => fileFact({ path: at, parse: (file) => file?.content ?? null });

const stamp = defineEvent({
  id: 'test.stamp',
  on: 'host',
  summary: 'A file bears the time of the run',
  risk: 'disruptive',
  input,
  examples,
  facts: (from) => ({ text: content(from.path) }),
  needed: (_input, seen, occasion) =>
    seen.text === occasion.startedAt ? undefined : 'it bears another time',
  actions: (from, _seen, occasion) => [{ do: 'write', path: from.path, content: occasion.startedAt }],
  done: (_input, seen, occasion) =>
    seen.text === occasion.startedAt
      ? { progress: 'done', because: 'it bears the time' }
      : { progress: 'pending', because: 'it bears another time' },
  undo: (from, before, now) => {
    if (before.text === now.text) return [];
    return before.text === null
      ? [{ do: 'remove', path: from.path }]
      : [{ do: 'write', path: from.path, content: before.text }];
  },
});

const burn = defineEvent({
  ...stamp,
  id: 'test.burn',
  summary: 'A file is gone for good',
  needed: (_input, seen) => (seen.text === null ? undefined : 'it is there'),
  actions: (from) => [{ do: 'remove', path: from.path }],
  done: (_input, seen) =>
    seen.text === null
      ? { progress: 'done', because: 'it is gone' }
      : { progress: 'pending', because: 'it is still there' },
  undo: { irreversible: 'what is burnt does not come back' },
});

const blank = defineCheck({
  id: 'test.blank',
  on: 'host',
  summary: 'A file is blank',
  input,
  examples,
  facts: (from) => ({ text: content(from.path) }),
  expect: (_input, seen) =>
    seen.text?.trim() ? fail('it has text', { text: seen.text }) : pass('it is blank'),
});

const text = defineLookup({
  id: 'test.text',
  on: 'host',
  summary: 'The text of a file',
  input,
  examples,
  output: z.string(),
  facts: (from) => ({ text: content(from.path) }),
  value: (_input, seen) => seen.text ?? undefined,
});

const holding = (content: string, mode = 0o644): Pick<Subject, 'before'> => ({
  before: async () => {
    await writeFile(path, content);
    await chmod(path, mode);
    return undefined;
  },
});

const addition = { definition: line, with: { path, line: 'b' } };

describeLaws(
  [
    {
      ...addition,
      title: 'a file that nobody else may read, without a last newline',
      ...holding('a', 0o600),
    },
    {
      ...addition,
      title: 'no file, to be made',
      with: { path, line: 'b', create: true },
      inputs: fc.record({
        path: fc.constant(path),
        line: fc.constantFrom('b', '', 'ü'),
        create: fc.boolean(),
      }),
    },
    { ...addition, title: 'no file', plans: 'refused' },
    { ...addition, title: 'a file that has the line', ...holding('a\nb\n'), plans: 'settled' },
    { title: 'a file with text', definition: stamp, with: { path }, ...holding('then') },
    { title: 'no file', definition: stamp, with: { path } },
    { title: 'a file with text', definition: burn, with: { path }, ...holding('then') },
    { title: 'a file with text', definition: blank, with: { path }, ...holding('then'), finds: 'fail' },
    { title: 'no file', definition: blank, with: { path }, finds: 'pass' },
    { title: 'a file with text', definition: text, with: { path }, ...holding('then') },
    { title: 'no file', definition: text, with: { path } },
  ],
  {
    connect: async () => connectLocal({ env: { PATH: process.env.PATH }, lockFolder: join(folder, 'locks') }),
    runs: 5,
  },
);
