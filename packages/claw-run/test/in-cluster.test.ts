import { type JsonObject, type Param, type Runbook, Secret } from '@claw-run/core';
import type { NeededRights } from '@claw-run/engine';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Options } from '../src/cli/flags.ts';
import { podParams } from '../src/in-cluster/arguments.ts';
import { grantManifests } from '../src/in-cluster/grant-manifests.ts';
import { manifestsYaml } from '../src/in-cluster/manifest.ts';
import { runbookFiles } from '../src/in-cluster/runbook-files.ts';
import { plain } from '../src/render/style.ts';

const account = { name: 'claw-run-x', namespace: 'claw-run' };
const nothing: NeededRights = { diagnosis: [], run: [], handedOn: [], sudo: [], programs: {}, open: [] };

function made(bindings: JsonObject, rights: Partial<NeededRights> = {}, options: Options = {}, name = 'fix') {
  const runbook = { name, params: [], sources: { 'fix.yaml': 'runbook: fix\n' } } as unknown as Runbook;
  const image = { image: 'registry.example/claw-run:1', ...options };
  const { manifests, notes } = grantManifests({
    file: 'fix.yaml',
    runbook,
    params: {},
    rights: { ...nothing, ...rights },
    bindings,
    options: image,
  });
  const called = manifests.map(({ manifest: { kind, metadata } }) => `${kind} ${metadata.name}`);
  return { called, manifests: manifests.map(({ manifest }) => manifest), notes: notes.join('\n') };
}

const cluster = { kind: 'cluster', context: 'here' };

describe('targets', () => {
  test('on hosts alone: there is nothing to grant in a cluster, and what sudo lacks is said', () => {
    const sudo = {
      target: 'head',
      host: 'head-01',
      user: 'ops',
      runAs: 'root',
      command: '/usr/bin/systemctl restart claw',
      line: 'ops ALL=(root) /usr/bin/systemctl restart claw',
    };
    const { called, notes } = made({ head: { kind: 'host', where: 'ops@head-01' } }, { sudo: [sudo] });
    expect(called).toEqual([]);
    expect(notes.split('\n').slice(2)).toEqual([
      '',
      'head (ops@head-01) is a host: its grants are lines of sudoers, not RBAC.',
      '',
      'Lines of sudoers that are missing:',
      '  ops ALL=(root) /usr/bin/systemctl restart claw',
      '',
      'It has no target in a cluster: there is nothing to grant there, and no manifest.',
    ]);
    expect(parseAllDocuments(manifestsYaml([], notes.split('\n'))).length).toBeLessThanOrEqual(1);
  });

  test('in a cluster and on a host over SSH: rights, and no pod that would hold keys', () => {
    const { called, notes } = made({ cluster, head: { kind: 'host', where: 'ssh://ops@head-01' } });
    expect(called).toEqual([
      'Namespace claw-run',
      'ServiceAccount claw-run-fix',
      'ServiceAccount claw-run-fix-check',
    ]);
    expect(notes).toContain('No Job and no CronJob: head cannot be reached from a pod');
  });

  test('in a pod: it is entered by exec, of this pod alone', () => {
    const { manifests } = made({ box: { kind: 'host', where: 'pod://ops/box-0/main?context=here' } });
    const rules = manifests.filter(({ kind }) => kind === 'Role').map((role) => role.rules);
    expect(rules).toEqual(
      Array.from({ length: 2 }, () => [
        { apiGroups: [''], resources: ['pods'], resourceNames: ['box-0'], verbs: ['get'] },
        { apiGroups: [''], resources: ['pods/exec'], resourceNames: ['box-0'], verbs: ['get', 'create'] },
      ]),
    );
    expect(JSON.stringify(manifests.find(({ kind }) => kind === 'Job'))).toContain(
      '"--target","box=pod://ops/box-0/main"',
    );
  });

  test('in two clusters: no pod can be in both', () => {
    expect(() => made({ one: cluster, other: { kind: 'cluster', context: 'there' } })).toThrow(
      'works on 2 clusters (here, there)',
    );
    expect(made({ one: cluster, other: cluster }).called).toContain('Job claw-run-fix');
  });
});

test('names are short enough for what a CronJob makes, and differ where runbooks do', () => {
  const long = (end: string) => `a-very-long-name-of-a-runbook-that-goes-on-and-on-${end}`;
  const [one, other] = ['one', 'two'].map(
    (end) =>
      made({ cluster }, {}, {}, long(end)).manifests.find(({ kind }) => kind === 'CronJob')?.metadata.name ??
      '',
  );
  expect(one?.length).toBeLessThanOrEqual(52);
  expect(one).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
  expect(one).not.toBe(other);
});

describe('the runbook in a ConfigMap', () => {
  const text = fc.string({ unit: 'binary' }).filter((each) => each.isWellFormed());
  const lines = fc
    .array(
      fc.constantFrom(
        'a: b',
        ' - x',
        '',
        '\t',
        '# c',
        '---',
        '...',
        '"',
        "'",
        '\r',
        'é',
        '😀',
        '\u200b',
        '|',
        '%YAML 1.2',
      ),
    )
    .map((all) => all.join('\n'));

  test('arrives as it was, and nothing in the manifest is hidden', () => {
    fc.assert(
      fc.property(fc.oneof(text, lines), (source) => {
        const { manifest, items } = runbookFiles({ 'fix.yaml': source }, account);
        const yaml = manifestsYaml([{ manifest, notes: [] }], []);
        expect(plain(yaml)).toBe(yaml);
        const [read] = parseAllDocuments(yaml).map(
          (document) =>
            document.toJS() as { data: Record<string, string>; binaryData?: Record<string, string> },
        );
        const key = items[0]?.key ?? '';
        const got = read?.data[key] ?? Buffer.from(read?.binaryData?.[key] ?? '', 'base64').toString('utf8');
        expect(got).toBe(source);
      }),
    );
  });

  test.each<[readonly string[], readonly string[], string]>([
    [['fix.yaml'], ['fix.yaml'], '/runbook/fix.yaml'],
    [['/home/me/run/fix.yaml'], ['fix.yaml'], '/runbook/fix.yaml'],
    [['run/fix.yaml', 'run/parts/a b.yaml'], ['fix.yaml', 'parts/a b.yaml'], '/runbook/fix.yaml'],
    [['run/fix.yaml', 'parts/a.yaml'], ['run/fix.yaml', 'parts/a.yaml'], '/runbook/run/fix.yaml'],
    [
      ['../run/fix.yaml', '../../parts/a.yaml'],
      ['up/run/fix.yaml', 'parts/a.yaml'],
      '/runbook/up/run/fix.yaml',
    ],
  ])('%j lie beside each other as they did', (files, paths, main) => {
    const found = runbookFiles(Object.fromEntries(files.map((file) => [file, 'x'])), account);
    expect(found.items.map(({ path }) => path)).toEqual(paths);
    expect(found.items.every(({ key }) => /^[-._a-zA-Z0-9]+$/.test(key))).toBe(true);
    expect(found.main).toBe(main);
  });

  test('is refused where it is larger than an object may be', () => {
    expect(() => runbookFiles({ 'fix.yaml': 'x'.repeat(1024 * 1024) }, account)).toThrow(
      /1048576 bytes; a ConfigMap takes 1040384/,
    );
  });
});

describe('parameters of a pod', () => {
  const param = (more: Partial<Param>): Param => ({
    name: 'p',
    type: 'string',
    from: [],
    required: false,
    ...more,
  });
  const secret = param({ type: 'secret', from: ['prompt', 'env:DOOR'] });

  test.each<[Param, unknown, readonly string[]]>([
    [param({ default: 'same' }), 'same', []],
    [param({ default: 'same' }), '-x y', ['-e', 'p=-x y']],
    [param({ type: 'list' }), ['a', 'b,c'], ['-e', 'p=["a","b,c"]']],
    [param({ type: 'map' }), { a: 1 }, ['-e', 'p={"a":1}']],
    [param({ type: 'boolean', default: false }), true, ['-e', 'p=true']],
    [param({ type: 'integer' }), 3, ['-e', 'p=3']],
    [secret, new Secret('correct-horse'), []],
  ])('%j given %j', (declared, value, args) => {
    expect(podParams([declared], { p: value as string }).args).toEqual(args);
  });

  test('a secret is a variable by its name, and refused where it has none', () => {
    expect(podParams([secret], { p: new Secret('correct-horse') }).variables).toEqual(['DOOR']);
    const without = { ...secret, from: ['file:/run/door'] };
    expect(() => podParams([without], { p: new Secret('correct-horse') })).toThrow(
      'the secret p cannot be given to a pod',
    );
  });

  test('what a manifest would not show is refused', () => {
    expect(() => podParams([param({})], { p: 'a\u202eb' })).toThrow('a character that cannot be seen');
  });
});
