import type { Grant, SudoGrant } from '@claw-run/engine';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { grantLines, sudoLines } from '../src/render/findings.ts';
import { grantsYaml, unwordedGrant } from '../src/render/grants.ts';

const read: Grant = {
  target: 'cluster',
  group: '',
  resource: 'secrets',
  verb: 'get',
  namespace: 'production',
  name: 'door',
};

describe('printed manifests', () => {
  test.each<[Partial<Grant>, RegExp]>([
    [{ group: '*' }, /API group holds \*/],
    [{ resource: '*' }, /resource holds \*/],
    [{ resource: 'pods/*' }, /resource holds \*/],
    [{ verb: '*' }, /verb holds \*/],
    [{ namespace: '*' }, /namespace holds \*/],
    [{ name: '*' }, /name holds \*/],
    [{ name: '' }, /name is empty/],
    [{ namespace: '' }, /namespace is empty/],
    [{ resource: '' }, /resource is empty/],
    [{ name: 'a\nrules: []' }, /line end/],
    [{ name: 'a\u202eb' }, /cannot be seen/],
    [{ name: '../x' }, /name of an object/],
    [{ resource: 'pods/exec/x' }, /name of a resource/],
    [{ resource: 'PODS' }, /name of a resource/],
    [{ group: 'apps/v1' }, /name of an API group/],
    [{ namespace: 'a: b' }, /name of a namespace/],
  ])('%j is not granted, and why is said', (odd, why) => {
    const grants = [{ ...read, ...odd }];
    expect(unwordedGrant({ ...read, ...odd })).toMatch(why);
    expect(grantsYaml(grants)).toBe('');
    expect(grantLines(grants).join('\n')).toMatch(/no rule of RBAC grants this alone/);
    expect(grantLines([...grants, read]).join('\n')).toContain('resourceNames: ["door"]');
  });

  test.each([
    'yes',
    'null',
    '~',
    '1e3',
    '0x10',
    '007',
    '2025-01-15',
    'a: b',
    '# a',
    '- a',
    '&a',
    '!a',
    '"',
    'é',
    '😀',
    "'",
    '{{a}}',
  ])('the name %s stays a name', (name) => {
    const [role] = parseAllDocuments(grantsYaml([{ ...read, name }])).map(
      (each) => each.toJS() as { rules: unknown },
    );
    expect(role?.rules).toEqual([
      { apiGroups: [''], resources: ['secrets'], resourceNames: [name], verbs: ['get'] },
    ]);
  });

  test('whatever the rights are, the manifests grant them and no others', () => {
    const grant = fc.record(
      {
        target: fc.constantFrom('a', 'b\n# c'),
        group: fc.constantFrom('', 'apps', 'rbac.authorization.k8s.io'),
        resource: fc.constantFrom('pods', 'pods/log', 'serviceaccounts/token', 'secrets'),
        verb: fc.constantFrom('get', 'list', 'create', 'patch'),
        namespace: fc.constantFrom('default', '1', 'production'),
        name: fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }),
      },
      { requiredKeys: ['target', 'group', 'resource', 'verb'] },
    );
    fc.assert(
      fc.property(fc.array(grant, { maxLength: 6 }), (grants) => {
        const granted = new Set<string>();
        for (const document of parseAllDocuments(grantsYaml(grants))) {
          const { kind, metadata, rules } = document.toJS() as {
            kind: string;
            metadata: { namespace?: string };
            rules?: readonly { [list: string]: readonly string[] }[];
          };
          expect(kind.startsWith('Cluster')).toBe(metadata.namespace === undefined);
          for (const { apiGroups = [], resources = [], verbs = [], resourceNames } of rules ?? [])
            for (const group of apiGroups)
              for (const resource of resources)
                for (const verb of verbs)
                  for (const name of resourceNames ?? [null])
                    granted.add(JSON.stringify([metadata.namespace ?? null, group, resource, verb, name]));
        }
        const wanted = grants
          .filter((each) => unwordedGrant(each) === undefined)
          .map(({ namespace, group, resource, verb, name }) =>
            JSON.stringify([namespace ?? null, group, resource, verb, name ?? null]),
          );
        expect([...granted].sort()).toEqual([...new Set(wanted)].sort());
      }),
    );
  });
});

describe('printed sudo', () => {
  const grant: SudoGrant = {
    target: 'head',
    host: 'web\nops ALL=(ALL) ALL',
    user: 'ops',
    runAs: 'root',
    command: '/usr/bin/id',
    line: 'ops ALL=(root) NOPASSWD: /usr/bin/id ""',
  };

  test('the name of a host begins no line of its own, and a line is printed once', () => {
    const other = { ...grant, host: 'db' };
    expect(sudoLines([grant, grant, other]).join('\n').split('\n').slice(-4)).toEqual([
      '# on web ops ALL=(ALL) ALL',
      'ops ALL=(root) NOPASSWD: /usr/bin/id ""',
      '# on db',
      'ops ALL=(root) NOPASSWD: /usr/bin/id ""',
    ]);
  });

  test('what has no line is named with the reason, and with what helps', () => {
    const { line: _, ...bare } = { ...grant, host: 'web', unworded: 'a word holds a space' };
    expect(sudoLines([bare])).toEqual([
      '  ops on web: /usr/bin/id as root',
      '    no line of sudoers grants this alone: a word holds a space',
      '',
      'What no line grants alone takes a log-in as root, or as somebody whom sudo trusts with more.',
      '',
    ]);
  });
});
