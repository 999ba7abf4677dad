import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError, parseConfig, parseDuration } from '../../src/scheduler/daemon/config.ts';
import { parseJobFile } from '../../src/scheduler/job-file.ts';

describe('config.yaml', () => {
  test('has a default for everything', () => {
    expect(parseConfig('')).toEqual({
      host: 'claw-head-01',
      listen: [
        { host: '0.0.0.0', port: 8080 },
        { host: '::', port: 8080 },
      ],
      mode: 'groups',
      login: 'users',
      authorizedGroups: ['claw-users', 'claw-admins'],
      adminGroups: ['claw-admins'],
      tokenLifetimeSeconds: 86_400,
      groupCacheSeconds: 60,
      checkClient: true,
      queues: [{ name: 'default', slots: 64 }],
    });
  });

  test.each([
    ['auth: [', 'line 1: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ['- a', 'is not a mapping'],
    [
      'auth:\n  authorised_groups: [a]',
      'line 2: auth.authorised_groups: is not known; there are mode, login, authorized_groups, admin_groups, token_lifetime, group_cache, check_client',
    ],
    ['auth:\n  mode: open', 'line 2: auth.mode: is not one of groups, ldap, jwt'],
    ['auth: { login: pam }', 'line 1: auth.login: is not one of users, host'],
    ['queues: [{ name: a, slots: 1, groups: b }]', 'line 1: queues[0].groups: is not a list of texts'],
    ['auth:\n  authorized_groups: claw-users', 'line 2: auth.authorized_groups: is not a list of texts'],
    ['auth:\n  authorized_groups:\n    - 7', 'line 3: auth.authorized_groups[0]: is not a text'],
    ['auth: { group_cache: 60 }', 'line 1: auth.group_cache: is not a duration such as 60s, 5m or 24h'],
    [
      'server: { listen: ["8080"] }',
      'line 1: server.listen[0]: is not an address such as 0.0.0.0:8080 or [::]:8080',
    ],
    [
      'server: { listen: ["0.0.0.0:99999"] }',
      'line 1: server.listen[0]: is not an address such as 0.0.0.0:8080 or [::]:8080',
    ],
    ['queues: []', 'line 1: queues: is not a list with something in it'],
    ['server: { tls: { cert: /a } }', 'server.tls.key: is not a text'],
  ])('%j is refused with the place', (text, message) => {
    expect(() => parseConfig(text)).toThrow(new ConfigError(message));
  });

  test('durations are whole numbers with a unit', () => {
    expect(['0s', '90s', '5m', '24h', '7d', '', '5', 's', '-1s', '1.5h'].map(parseDuration)).toEqual([
      0,
      90,
      300,
      86_400,
      604_800,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('any text is a configuration or a ConfigError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (text) => {
        try {
          parseConfig(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
    );
  });
});

describe('a job file', () => {
  test('of the guide is read, with defaults for the rest', () => {
    const text =
      'job:\n  name: test-fix\n  command: echo "Hello OpenClaw"\n  resources:\n    cpu: 1\n    mem: 1G\n';
    expect(parseJobFile(text)).toEqual({
      job: { name: 'test-fix', command: 'echo "Hello OpenClaw"', cpu: 1, mem: '1G', queue: 'default' },
    });
  });

  test.each([
    ['', 1, 1, 'the file is not a mapping with job'],
    ['job:\nname: a\ncommand: b', 2, 1, 'name is not known beside job; is it indented?'],
    ['job:\n  name: a\n command: b', 3, 1, 'All mapping items must start at the same column'],
    ['job:\n  name: a', 2, 3, 'job.command is not a command line'],
    [
      'job:\n  name: "a b"\n  command: c',
      2,
      9,
      'job.name is not a name of letters, digits, dots, dashes and underscores',
    ],
    [
      'job:\n  name: a\n  command: b\n  resources: { cpu: 0 }',
      4,
      21,
      'job.resources.cpu is not a whole number above 0',
    ],
    [
      'job:\n  name: a\n  command: b\n  resources: { mem: 1 }',
      4,
      21,
      'job.resources.mem is not a size such as 512M or 1G',
    ],
    [
      'job:\n  name: a\n  command: b\n  cpu: 1',
      4,
      3,
      'job.cpu is not known; there are name, command, resources, queue',
    ],
  ])('%j is refused at its line and column', (text, line, column, message) => {
    expect(parseJobFile(text)).toEqual({ line, column, message });
  });

  test('that multiplies its aliases is refused', () => {
    const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
    for (let depth = 1; depth < 9; depth += 1)
      lines.push(
        `a${depth}: &a${depth} [${Array(10)
          .fill(`*a${depth - 1}`)
          .join(',')}]`,
      );
    expect(parseJobFile(lines.join('\n'))).toMatchObject({ message: expect.stringContaining('alias') });
  });

  test('any text is a job or a fault with a place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (text) => {
        const result = parseJobFile(text);
        if ('job' in result) return;
        expect(result.line).toBeGreaterThan(0);
        expect(result.column).toBeGreaterThan(0);
        expect(result.message).not.toBe('');
      }),
    );
  });
});
