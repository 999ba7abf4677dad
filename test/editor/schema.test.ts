import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileRunbook } from '@claw-run/runbook';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { makePlace, root } from '../cli/support/claw-run.ts';
import { standard } from './support/standard.ts';
import { faultsOf, shippedSchema, validatorOf } from './support/validator.ts';

const { text, schema } = await shippedSchema();
const { whole } = validatorOf(schema);

/** All YAML of a folder that is a runbook. */
async function runbooksIn(folder: string): Promise<readonly (readonly [file: string, text: string])[]> {
  const files = (await readdir(join(root, folder))).filter((file) => /\.ya?ml$/.test(file));
  const texts = await Promise.all(
    files.map(
      async (file) => [`${folder}/${file}`, await readFile(join(root, folder, file), 'utf8')] as const,
    ),
  );
  return texts.filter(([, content]) => /^(runbook|fragment):/m.test(content));
}

const runbooks = [...(await runbooksIn('runbooks')), ...(await runbooksIn('examples'))];

function read(content: string): unknown {
  return parse(content, { merge: true });
}

describe('the schema', () => {
  test('is draft-07, and each reference leads to a definition', () => {
    expect(schema).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#' });
    const references = [...text.matchAll(/"\$ref": "#\/definitions\/([^"]+)"/g)].map(([, name = '']) => name);
    const names = Object.keys(schema.definitions);
    expect(references.filter((name) => !names.includes(name))).toEqual([]);
    expect(names.filter((name) => !references.includes(name))).toEqual([]);
    expect(text.match(/"\$ref": (?!"#\/definitions\/)/)).toBeNull();
  });

  test('calls each step by its id, and what they share by words', () => {
    const names = Object.keys(schema.definitions);
    expect(names).toEqual(expect.arrayContaining([...standard.keys()]));
    const others = names.filter((name) => !standard.has(name));
    expect(others.filter((name) => !/^[a-z]+([A-Z][a-z]*)*$/.test(name))).toEqual([]);
    expect(others).toEqual(
      expect.arrayContaining(['jsonValue', 'kubernetesName', 'linuxUser', 'absolutePath', 'boolean']),
    );
  });

  test('has nothing in it that only zod knows', () => {
    expect(text.match(/__|~standard|9007199254740991|"x-[a-z]+":|"\$id":/g)).toBeNull();
  });

  test('is small enough to be read', () => {
    expect(text.split('\n').length).toBeLessThan(4800);
    expect(Buffer.byteLength(text)).toBeLessThan(230_000);
  });

  test('has all that is said of steps and their inputs', () => {
    const said = [...standard.values()].flatMap(({ summary, description, input }) => [
      summary,
      ...(description === undefined ? [] : [description]),
      ...descriptionsIn(z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' })),
    ]);
    expect(said.length).toBeGreaterThan(500);
    expect(said.filter((words) => !text.includes(JSON.stringify(words).slice(1, -1)))).toEqual([]);
  });
});

function descriptionsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    key === 'description' && typeof item === 'string' ? [item] : descriptionsIn(item),
  );
}

describe('runbooks', () => {
  test('are there', () => {
    expect(runbooks.length).toBeGreaterThanOrEqual(10);
  });

  test.each(runbooks)('%s is valid', (_file, content) => {
    expect(faultsOf(whole, read(content))).toEqual([]);
  });

  test('what `claw-run new` writes is valid', async () => {
    const { run, folder } = await makePlace();
    await run(['new', 'disk-full']);
    expect(faultsOf(whole, read(await readFile(join(folder, 'disk-full.yaml'), 'utf8')))).toEqual([]);
  });
});

const good = `
runbook: full
version: 1
title: A disk is full
params:
  path: { type: string, default: /var }
targets:
  cluster: { kind: cluster }
  head: { kind: host }
causes:
  open:
    title: A port is closed
    uses: linux.listening
    on: head
    with: { port: 22 }
steps:
  - id: account
    uses: kubernetes.service-account
    on: cluster
    timeout: 3m
    retry: { attempts: 3, delay: 2s }
    with: { name: app, namespace: production, labels: { a: b } }
verify:
  - uses: linux.http
    on: head
    within: 30s
    with: { url: 'https://a.example/health', status: 200, json: status }
`;

/** One change to a good runbook, and the line that ajv and the compiler have against it. */
const broken: readonly (readonly [what: string, from: string, to: string, fault: string, problem: RegExp])[] =
  [
    [
      'a step that is in no library',
      'kubernetes.service-account',
      'kubernetes.servce-account',
      'steps.0.uses: is not kubernetes.service-account',
      /no library has/,
    ],
    [
      'a check as a step',
      'kubernetes.service-account',
      'kubernetes.can-i',
      'steps.0.uses: is not kubernetes.service-account',
      /is a check/,
    ],
    [
      'a step as a cause',
      'uses: linux.listening',
      'uses: linux.file',
      'causes.open.uses: is not linux.listening',
      /is a step/,
    ],
    ['an unknown input', 'labels:', 'lables:', 'steps.0.with: has no lables', /has no input `lables`/],
    [
      'an input of another step',
      'port: 22',
      'port: 22, url: x',
      'causes.open.with: has no url',
      /has no input `url`/,
    ],
    [
      'a text for a number',
      'status: 200',
      "status: 'ok'",
      'verify.0.with.status: must match pattern "\\$\\{\\{"',
      /`status` must be/,
    ],
    [
      'a number for a text',
      'namespace: production',
      'namespace: 7',
      'steps.0.with.namespace: must be string',
      /`namespace` must be a text/,
    ],
    [
      'a list for a map',
      'labels: { a: b }',
      'labels: [a]',
      'steps.0.with.labels: must be object,string',
      /`labels` must be a map/,
    ],
    [
      'a number out of range',
      'port: 22',
      'port: 99999',
      'causes.open.with.port: must be <= 65535',
      /`port` must be at most 65535/,
    ],
    [
      'a text of another form',
      'name: app',
      "name: 'my app'",
      'steps.0.with.name: must match pattern "^[a-zA-Z0-9]([a-zA-Z0-9.:-]*[a-zA-Z0-9])?$"',
      /must be a Kubernetes name/,
    ],
    [
      'no `with` where there must be one',
      '    with: { port: 22 }\n',
      '',
      'causes.open: needs with',
      /needs `with.port`/,
    ],
    [
      'no required input',
      'namespace: production, ',
      '',
      'steps.0.with: needs namespace',
      /needs `with.namespace`/,
    ],
    [
      'a duration without a unit',
      'timeout: 3m',
      "timeout: '3'",
      'steps.0.timeout: must match pattern "^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$"',
      /`timeout` must be a duration/,
    ],
    [
      'a duration that is a number',
      'within: 30s',
      'within: 30',
      'verify.0.within: must be string',
      /`within` must be a duration/,
    ],
    ['an unknown key of a step', 'timeout: 3m', 'when: x', 'steps.0: has no when', /has no key `when`/],
    ['`within` in a step', 'timeout: 3m', 'within: 3m', 'steps.0: has no within', /has no key `within`/],
    [
      'an unknown key of the runbook',
      'title:',
      'tasks: []\ntitle:',
      'the file: has no tasks',
      /has no key `tasks`/,
    ],
    ['no title', 'title: A disk is full\n', '', 'the file: needs title', /`title` is missing/],
    ['another version', 'version: 1', 'version: 2', 'version: is not 1', /`version` must be 1/],
    ['no id', '- id: account\n    uses', '- uses', 'steps.0: needs id', /the step has no `id`/],
    [
      'an id that is no name',
      'id: account',
      'id: 1account',
      'steps.0.id: must match pattern "^[A-Za-z][A-Za-z0-9_-]*$"',
      /cannot be an id/,
    ],
    [
      'a name of the runbook in capitals',
      'runbook: full',
      'runbook: Full',
      'runbook: must match pattern "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"',
      /cannot name a runbook/,
    ],
    [
      'a type of parameter that there is not',
      'type: string',
      'type: text',
      'params.path.type: must be equal to one of the allowed values',
      /must be one of/,
    ],
    [
      'a kind of target that there is not',
      'kind: host',
      'kind: server',
      'targets.head.kind: must be equal to one of the allowed values',
      /must be one of/,
    ],
    [
      'too many attempts',
      'attempts: 3',
      'attempts: 300',
      'steps.0.retry.attempts: must be <= 100',
      /from 1 to 100/,
    ],
    [
      'steps that are a map',
      'steps:\n  - id: account',
      'steps:\n    id: account',
      'steps: must be array',
      /`steps` must be a list/,
    ],
  ];

describe('what is refused, and for what', () => {
  test('nothing of a good runbook', async () => {
    expect(faultsOf(whole, read(good))).toEqual([]);
    expect(await problemsOf(good)).toEqual([]);
  });

  test.each(broken)('%s', async (_what, from, to, fault, problem) => {
    expect(good).toContain(from);
    const changed = good.replace(from, to);
    expect(faultsOf(whole, read(changed))).toContain(fault);
    expect(await problemsOf(changed)).toContainEqual(expect.stringMatching(problem));
  });
});

async function problemsOf(content: string): Promise<readonly string[]> {
  const compiled = await compileRunbook(
    { file: 'x.yaml', bytes: Buffer.from(content) },
    { library: standard, readInclude: () => Promise.reject(new Error('nothing is included')) },
  );
  return compiled.ok ? [] : compiled.problems.map(({ message }) => message);
}
