import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { expect, test } from 'vitest';
import { places, user } from '../../packages/claw-run/src/in-cluster/pods.ts';
import { readContainerfile, readStages, valuesOf, wordsOf } from '../support/containerfile.ts';
import { root } from '../support/programs.ts';

const { text } = await readContainerfile();
const { build, final } = await readStages();
const given = (keyword: string) =>
  final.instructions.filter((one) => one.getKeyword() === keyword).map((one) => wordsOf(one));

test('the Containerfile has no fault that a linter knows', () => {
  expect(validate(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
  expect(validate(text.replace('WORKDIR /runbook', 'WORKDIR runbook')).length, 'the linter is at work').toBe(
    1,
  );
});

test('its bases are named by a release, and can be named by digest', () => {
  expect([build, final].map(({ from }) => from)).toEqual([
    'docker.io/library/node:24-trixie-slim',
    'docker.io/library/debian:trixie-slim',
  ]);
  expect(text.match(/^FROM .*$/gm)).toEqual(['FROM ${NODE} AS build', 'FROM ${BASE}']);
});

test('what is built runs as nobody of the node, does one thing, and holds only what was copied', () => {
  expect(given('USER')).toEqual([[`${user}:${user}`]]);
  expect(given('ENTRYPOINT')).toEqual([['["claw-run"]']]);
  expect(given('HEALTHCHECK')).toEqual([['NONE']]);
  expect(final.instructions.map((one) => one.getKeyword())).not.toContain('RUN');
  expect(
    [build, final].flatMap(({ instructions }) => instructions.map((one) => one.getKeyword())),
  ).not.toContain('ADD');
  expect(text).not.toMatch(/apt-get|curl|wget|npm (i|ci|install)\b.*\\$/m);
  expect(Object.keys(valuesOf(final, 'LABEL'))).toEqual(
    ['title', 'description', 'licenses', 'version', 'revision'].map(
      (name) => `org.opencontainers.image.${name}`,
    ),
  );
});

test('its folders are those of the pods that --grants makes', () => {
  const { PATH, ...rest } = valuesOf(final, 'ENV');
  expect(rest).toEqual(places);
  expect(PATH).toMatch(/^\/opt\/bin:/);
});

test('of the checkout it sees the packed package alone', async () => {
  const ignored = await readFile(join(root, '.containerignore'), 'utf8');
  expect(await readFile(join(root, '.dockerignore'), 'utf8')).toBe(ignored);
  const [arg] = build.instructions.filter((one) => one.getKeyword() === 'ARG').map((one) => wordsOf(one));
  const pattern = arg?.[0]?.replace('TARBALL=', '') ?? '';
  expect(ignored.split('\n').filter((line) => line.startsWith('!'))).toEqual(['!artifacts', `!${pattern}`]);
});
