import type { DirectoryGroup } from '../facts/directory.ts';

/** Whether two distinguished names are the same: case and the blanks around `,`, `+` and `=` do not count (RFC 4514, RFC 4517). */
export function sameDn(one: string, other: string): boolean {
  return normal(one) === normal(other);
}

/** Whether a group of the directory lists a user itself, by name or by DN. */
export function lists(group: DirectoryGroup, user: string, dn: string | undefined): boolean {
  if (group.schema === 'rfc2307') return group.members.includes(user);
  return dn !== undefined && group.members.some((member) => sameDn(member, dn));
}

/** Members of a group that are named as it is, kept in the same place under the same attribute: they may be groups. Itself it may list to be no empty group. */
export function innerGroups({ dn, schema, members }: DirectoryGroup): readonly string[] {
  const form = (name: string) => normal(name).replace(/^([^=]*)=(?:\\.|[^\\,])*/, '$1');
  return schema === 'rfc2307'
    ? []
    : members.filter((member) => form(member) === form(dn) && !sameDn(member, dn));
}

function normal(dn: string): string {
  return dn
    .toLowerCase()
    .replaceAll(/\s*(?<!\\)([,+=])\s*/g, '$1')
    .trim();
}
