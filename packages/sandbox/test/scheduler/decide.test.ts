import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/scheduler/daemon/config.ts';
import { denialOf, ownerDenialOf, type Request } from '../../src/scheduler/daemon/decide.ts';

const config = parseConfig('auth: { authorized_groups: [claw-users, claw-admins] }');
const users = { name: 'claw-users', gid: 2000 };
const alice = {
  user: 'alice',
  uid: 1001,
  gid: 1001,
  home: '/',
  groups: [{ name: 'alice', gid: 1001 }, users],
};
const healthy: Request = {
  config,
  caller: { kind: 'user', user: 'alice', groups: ['claw-users'], expiresAt: new Date(0) },
  client: { uid: 1001, gids: [1001, 2000], local: true },
  account: alice,
  authorized: [users],
};
const outsider = { ...alice, groups: [{ name: 'alice', gid: 1001 }] };

describe('who is let in', () => {
  test('a user of an authorized group, in a session that has it', () => {
    expect(denialOf(healthy)).toBeUndefined();
  });

  test.each([
    ['no token', { caller: 'token-missing' }, 'token-missing', 'Token missing'],
    ['a damaged token', { caller: 'token-invalid' }, 'token-invalid', 'Token invalid/expired'],
    ['an expired token', { caller: 'token-expired' }, 'token-expired', 'Token invalid/expired'],
    [
      'a client of another uid',
      { client: { uid: 0, gids: [0], local: true } },
      'uid-mismatch',
      "Client runs as uid 0, user 'alice' has uid 1001",
    ],
    [
      'a user whom the host does not know',
      { account: undefined },
      'uid-mismatch',
      "Client runs as uid 1001, user 'alice' is not known",
    ],
    ['a user of no authorized group', { account: outsider }, 'group', 'User alice not authorized'],
    [
      'a session that is older than the membership',
      { client: { uid: 1001, gids: [1001], local: true } },
      'session',
      'Session of alice lacks its groups',
    ],
  ] satisfies [string, Partial<Request>, string, string][])('not %s', (_what, part, reason, message) => {
    expect(denialOf({ ...healthy, ...part })).toEqual({ reason, message });
  });

  test('the first that is wrong is the answer', () => {
    const all: Request = { ...healthy, account: outsider, client: { uid: 0, gids: [0], local: true } };
    expect(denialOf({ ...all, caller: 'token-expired' })?.reason).toBe('token-expired');
    expect(denialOf(all)?.reason).toBe('uid-mismatch');
    expect(denialOf({ ...all, client: { uid: 1001, gids: [0], local: true } })?.reason).toBe('group');
  });

  test('the groups of a client elsewhere are not those of this host', () => {
    expect(denialOf({ ...healthy, client: { uid: 1001, gids: [7], local: false } })).toBeUndefined();
  });

  test('a client that says nothing of itself is judged by its token', () => {
    expect(denialOf({ ...healthy, client: { local: true } })).toBeUndefined();
  });

  test('without check_client neither uid nor session count', () => {
    const trusting = { ...config, checkClient: false };
    expect(
      denialOf({ ...healthy, config: trusting, client: { uid: 0, gids: [0], local: true } }),
    ).toBeUndefined();
  });

  test('mode jwt goes by the groups of the token', () => {
    const byToken = { ...config, mode: 'jwt' as const };
    expect(denialOf({ ...healthy, config: byToken, account: outsider })).toBeUndefined();
    const without = { kind: 'user', user: 'alice', groups: ['other'], expiresAt: new Date(0) } as const;
    expect(denialOf({ ...healthy, config: byToken, caller: without })?.reason).toBe('group');
  });

  test("the administrator's token passes all of it", () => {
    const worst: Request = { ...healthy, caller: { kind: 'admin' }, account: undefined, authorized: [] };
    expect(denialOf({ ...worst, client: { uid: 0, gids: [], local: true } })).toBeUndefined();
  });

  test('whoever is in no authorized group is never let in, whatever else holds', () => {
    const gids = fc.array(fc.nat(5000), { maxLength: 5 });
    const names = fc.array(fc.constantFrom('alice', 'staff', 'wheel'), { maxLength: 3 });
    const modes = fc.constantFrom('groups', 'ldap', 'jwt');
    fc.assert(
      fc.property(gids, names, names, modes, fc.boolean(), (held, own, inToken, mode, checkClient) => {
        const groups = own.map((name, index) => ({ name, gid: 3000 + index }));
        const caller = { kind: 'user', user: 'alice', groups: inToken, expiresAt: new Date(0) } as const;
        const request: Request = {
          config: { ...config, mode, checkClient },
          caller,
          client: { uid: 1001, gids: held, local: true },
          account: { ...alice, groups },
          authorized: [users],
        };
        expect(denialOf(request)?.reason).toBe('group');
      }),
    );
  });
});

describe('the jobs of others', () => {
  const admin = { ...alice, groups: [users, { name: 'claw-admins', gid: 2001 }] };

  test('are for their owner and for administrators', () => {
    expect(ownerDenialOf('alice', healthy)).toBeUndefined();
    expect(ownerDenialOf('bob', { ...healthy, account: admin })).toBeUndefined();
    expect(ownerDenialOf('bob', { ...healthy, caller: { kind: 'admin' } })).toBeUndefined();
    expect(ownerDenialOf('bob', healthy)).toEqual({ reason: 'owner', message: 'User alice not authorized' });
  });
});
