import { defineTransport } from '@claw-run/core';
import { connectLocal } from '@claw-run/transports/local';
import { expect, test } from 'vitest';
import { limited, parseInventory, readInventory } from '../src/run/inventory.ts';
import { parseWhere } from '../src/run/where.ts';

const text = `# where                   name, groups
ops@web1.example.org        web,eu   # the canary
ssh://ops@web2:2222 name=web2 web us

db1 name=db1 db
`;

test('an inventory has one host a line, with a name and groups of its own', () => {
  expect(parseInventory(text, 'hosts')).toEqual([
    { name: 'ops@web1.example.org', where: 'ops@web1.example.org', groups: ['web', 'eu'] },
    { name: 'web2', where: 'ssh://ops@web2:2222', groups: ['web', 'us'] },
    { name: 'db1', where: 'db1', groups: ['db'] },
  ]);
});

test.each([
  [undefined, ['ops@web1.example.org', 'web2', 'db1']],
  ['web', ['ops@web1.example.org', 'web2']],
  ['web2', ['web2']],
  ['*web*', ['ops@web1.example.org', 'web2']],
  ['web,!web2', ['ops@web1.example.org']],
  ['!db', ['ops@web1.example.org', 'web2']],
  ['us, db', ['web2', 'db1']],
])('the limit %s leaves %j, in the order of the inventory', (limit, names) => {
  expect(limited(parseInventory(text, 'hosts'), limit).map(({ name }) => name)).toEqual(names);
});

test.each([
  ['a\na\n', 'hosts has a twice'],
  ['a port=22\n', 'hosts:1: port=22 is not understood'],
  ['a name=\n', 'hosts:1: name= is not understood'],
  ['# nobody\n', 'there are no hosts in "hosts"'],
])('%j is told as %s', (lines, message) => {
  expect(() => parseInventory(lines, 'hosts')).toThrow(message);
});

test.each(['eu2', 'web,!nobody'])('a limit that fits nothing, as %s, is a mistake', (limit) => {
  expect(() => limited(parseInventory(text, 'hosts'), limit)).toThrow(/fits none of the hosts/);
});

test('a limit that leaves nothing is a mistake', () => {
  expect(() => limited(parseInventory(text, 'hosts'), 'web,!web')).toThrow('leaves no host');
});

test.each([
  ['local', { by: 'local' }],
  ['head-01', { by: 'ssh', destination: 'head-01' }],
  ['ops@head-01', { by: 'ssh', destination: 'ops@head-01' }],
  ['ssh://ops@[fe80::1]:2222', { by: 'ssh', destination: 'ssh://ops@[fe80::1]:2222' }],
  ['openssh://ops@head-01:2222', { by: 'openssh', destination: 'ssh://ops@head-01:2222' }],
  ['pod://production/worker-0', { by: 'pod', namespace: 'production', pod: 'worker-0' }],
  [
    'pod://production/worker-0/agent?context=eu',
    { by: 'pod', namespace: 'production', pod: 'worker-0', container: 'agent', context: 'eu' },
  ],
])('%s is %j', (where, expected) => {
  expect(parseWhere(where)).toEqual(expected);
});

test.each(['', 'a b', 'pod://worker-0', 'pod://a/b/c/d'])('%j is nowhere', (where) => {
  expect(() => parseWhere(where)).toThrow('does not say where a host is');
});

test('an address of a transport of one’s own is where its scheme says; any other scheme is unknown, and what there is is told', () => {
  const transport = defineTransport({
    scheme: 'serial',
    summary: 'x',
    connect: () => connectLocal({ env: {} }),
  });
  expect(parseWhere('serial://rack4/7?speed=9600', [transport])).toEqual({
    by: 'transport',
    transport,
    url: new URL('serial://rack4/7?speed=9600'),
  });
  expect(() => parseWhere('ftp://me:secret@head', [transport])).toThrow(
    expect.objectContaining({
      code: 'target-unbound',
      message: 'there is no transport for ftp://, which ftp://…@head needs',
      hint: expect.stringContaining('or serial://…; a library brings others: --library FILE'),
    }),
  );
  expect(() => parseWhere('serial://a b', [transport])).toThrow('does not say where a host is');
});

test('an inventory given as a list takes addresses of any scheme', async () => {
  const hosts = await readInventory('x11+serial://rack4/7,my-box://b', '/nowhere');
  expect(hosts.map(({ where }) => where)).toEqual(['x11+serial://rack4/7', 'my-box://b']);
});
