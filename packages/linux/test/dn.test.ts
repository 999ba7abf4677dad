import { expect, it } from 'vitest';
import { parseDirectory } from '../src/facts/directory.ts';
import { innerGroups, lists, sameDn } from '../src/lib/dn.ts';

it('names are the same whatever their case and their blanks, but not whatever is escaped', () => {
  expect(sameDn('UID=lbob, OU=People,dc=claw', 'uid=lbob,ou=people,DC = claw')).toBe(true);
  expect(sameDn('cn=a\\, b,dc=claw', 'cn=a\\,b,dc=claw')).toBe(false);
});

const group = {
  dn: 'cn=outer,ou=groups,dc=claw',
  gid: 1,
  schema: 'rfc2307bis',
  members: ['CN=inner, ou=groups,dc=claw', 'cn=outer,ou=groups,dc=claw', 'uid=alice,ou=people,dc=claw'],
} as const;

it('members that are named as their group is may be groups, but for itself', () => {
  expect(innerGroups(group)).toEqual(['CN=inner, ou=groups,dc=claw']);
  expect(innerGroups({ ...group, schema: 'rfc2307', members: ['outer'] })).toEqual([]);
});

it('a user is listed by DN where the group lists DNs, and by name where it lists names', () => {
  expect(lists(group, 'alice', 'uid=alice,ou=People,dc=claw')).toBe(true);
  expect(lists(group, 'alice', undefined)).toBe(false);
  expect(lists({ ...group, schema: 'rfc2307', members: ['alice'] }, 'alice', undefined)).toBe(true);
});

const said = (more: string) => ({
  exit: 0,
  stderr: '',
  stdout: `dn: cn=claw,ou=groups,dc=claw\nobjectClass: posixGroup\n${more}\ncn: claw\ngidNumber: 5\nmemberUid: bob\nmember: uid=alice,dc=claw\n`,
});
const wanted = { group: 'claw', user: 'alice', uri: 'ldap://head', base: 'dc=claw' };

it('which attribute lists the members is told by the group, or by how sssd is set to look', () => {
  const members = (result: ReturnType<typeof said>, more: object = {}) => {
    const view = parseDirectory(result, { ...wanted, ...more });
    return view.ok ? view.group?.members : view.because;
  };
  expect(members(said('objectClass: groupOfNames'))).toEqual(['uid=alice,dc=claw']);
  expect(members(said('objectClass: top'), { configured: 'rfc2307' })).toEqual(['bob']);
  expect(members(said('objectClass: top'), { configured: 'rfc2307bis' })).toEqual(['uid=alice,dc=claw']);
  expect(members(said('objectClass: groupOfNames'), { schema: 'rfc2307' })).toEqual(['bob']);
  expect(members(said('objectClass: groupOfUniqueNames'))).toContain('lists its members by uniqueMember');
});
