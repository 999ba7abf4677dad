import { type Argv, type Fact, type RunResult, runFact } from '@claw-run/core';
import type { DirectoryInput } from '../inputs.ts';
import { filterValue, type LdapEntry, parseLdif } from '../lib/ldif.ts';
import type { SssdConfig } from './sssd-config.ts';

/** What a directory itself says of a group and a user, or why it says nothing. */
export type DirectoryView =
  | {
      readonly ok: true;
      readonly group: DirectoryGroup | null;
      readonly user: { readonly dn: string } | null;
    }
  | { readonly ok: false; readonly because: string };

export type DirectoryGroup = {
  readonly dn: string;
  readonly gid: number;
  readonly schema: 'rfc2307' | 'rfc2307bis';
  /** Names (`memberUid`) or DNs (`member`), sorted: the order of values means nothing in LDAP. */
  readonly members: readonly string[];
};

/** A directory, with all it takes to ask it. */
export type Directory = DirectoryInput & {
  readonly uri: string;
  readonly base: string;
  /** `ldap_schema` of sssd. */
  readonly configured: string | undefined;
};

/** The directory that was named, completed by what sssd is configured with; or what is missing. */
export function directoryOf(
  input: DirectoryInput,
  sssd: SssdConfig | null,
): Directory | { readonly missing: string } {
  const uri = input.uri ?? sssd?.uri;
  const base = input.base ?? sssd?.base;
  if (uri == null) return { missing: 'uri' };
  if (base == null) return { missing: 'base' };
  return {
    ...input,
    uri,
    base,
    configured: sssd?.schema,
    startTls: input.startTls ?? (sssd?.startTls === true && uri.startsWith('ldap://')),
  };
}

/** How the tools of OpenLDAP are told where to go and who asks; a password is never among the words. */
export function ldapOptions(directory: Directory): readonly string[] {
  const login =
    directory.external === true
      ? ['-Q', '-Y', 'EXTERNAL']
      : directory.passwordFile !== undefined
        ? ['-x', '-D', directory.bindDn ?? '', '-y', directory.passwordFile]
        : ['-x'];
  return [...login, ...(directory.startTls ? ['-ZZ'] : []), '-o', 'nettimeout=10', '-H', directory.uri];
}

/** Said where a password would be sent to another machine without encryption. */
function passwordInClear({ uri, startTls, external, bindDn, ...login }: Directory): string | undefined {
  const hasPassword = login.passwordFile !== undefined || login.password !== undefined;
  const elsewhere = /\bldap:\/\/(?!(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?([/\s,]|$))/i;
  if (external || !hasPassword || startTls === true || !elsewhere.test(uri)) return undefined;
  return `the password of ${bindDn ?? 'the directory'} goes to ${uri} in clear; take ldaps://, or startTls: true`;
}

/** Whether the way to log in takes root: its own file, or its own identity. */
export function needsRoot(directory: Directory): boolean {
  return directory.external || directory.passwordFile !== undefined;
}

/** A group and a user in one search, past every cache. */
export function directoryView(
  directory: Directory,
  group: string,
  user: string,
): Fact<'host', DirectoryView> {
  const filter = `(|(&(objectClass=posixGroup)(cn=${filterValue(group)}))(&(objectClass=posixAccount)(uid=${filterValue(user)})))`;
  const argv: Argv = [
    'ldapsearch',
    '-LLL',
    '-o',
    'ldif-wrap=no',
    ...ldapOptions(directory),
    '-b',
    directory.base,
    filter,
    'objectClass',
    'cn',
    'gidNumber',
    'memberUid',
    'member',
    'uid',
  ];
  return runFact({
    key: `directory ${directory.uri} group ${group}`,
    argv,
    ...(needsRoot(directory) ? { sudo: true } : {}),
    ...(directory.passwordFile === undefined ? {} : { paths: [directory.passwordFile] }),
    timeoutSeconds: 30,
    about: [`group ${group}`, `account ${user}`],
    warning: passwordInClear(directory),
    parse: (result) => parseDirectory(result, { group, user, ...directory }),
  });
}

/** @returns `ok: false` with what ldapsearch said where it gave no answer */
export function parseDirectory(
  result: RunResult,
  wanted: {
    readonly group: string;
    readonly user: string;
    readonly schema?: DirectoryInput['schema'];
    readonly configured?: string | undefined;
    readonly uri: string;
    readonly base: string;
    readonly bindDn?: string | undefined;
  },
): DirectoryView {
  if (result.exit === 127)
    return {
      ok: false,
      because: 'ldapsearch is not installed on the host; install ldap-utils (openldap-clients)',
    };
  if (result.exit !== 0) return { ok: false, because: noAnswer(result, wanted) };
  const entries = parseLdif(result.stdout);
  const user = entries.find(
    (entry) => has(entry, 'objectclass', 'posixAccount') && has(entry, 'uid', wanted.user),
  );
  const group = entries.find(
    (entry) => has(entry, 'objectclass', 'posixGroup') && has(entry, 'cn', wanted.group),
  );
  const dn = user?.get('dn')?.[0];
  if (group !== undefined && has(group, 'objectclass', 'groupOfUniqueNames'))
    return {
      ok: false,
      because: `${group.get('dn')?.[0]} lists its members by uniqueMember, which is neither RFC 2307 nor RFC 2307bis`,
    };
  return {
    ok: true,
    group: group === undefined ? null : groupOf(group, wanted),
    user: dn === undefined ? null : { dn },
  };
}

/** Why ldapsearch has no answer. It exits with the result code of LDAP (RFC 4511, appendix A) or, below 256, a negative one of its own library (ldap.h). */
function noAnswer(
  { exit, stderr }: RunResult,
  {
    uri,
    base,
    bindDn,
  }: { readonly uri: string; readonly base: string; readonly bindDn?: string | undefined },
): string {
  const said = stderr
    .split('\n')
    .map((line) => line.trim().replace(/^additional info: /, ''))
    .filter((line) => line !== '' && !line.startsWith('Warning:'))
    .join(': ');
  const who = bindDn ?? 'whoever gives no name';
  if (exit === 255) return `${uri} does not answer: ${said}`;
  if (exit === 32) return `${uri} has no ${base}`;
  if (exit === 49) return `${uri} does not take the password of ${who}; check bindDn and passwordFile`;
  if (exit === 48 || exit === 53) return `${uri} does not let ${who} log in: ${said}`;
  if (exit === 50) return `${uri} does not let ${who} read ${base}: ${said}`;
  if (exit === 8 || exit === 13)
    return `${uri} wants an encrypted connection (startTls: true, or an ldaps:// URI): ${said}`;
  if ([3, 4, 11].includes(exit)) return `${uri} breaks off its answer: ${said}`;
  return `${uri} cannot be asked: ${said || `ldapsearch ended with ${exit}`}`;
}

/** Which attribute lists the members is told by the group, or else by how sssd is set to look (sssd-ldap(5), `ldap_schema`). */
function groupOf(
  entry: LdapEntry,
  { schema: given, configured = 'rfc2307' }: Pick<Directory, 'schema'> & { configured?: string | undefined },
): DirectoryGroup {
  const bis =
    configured.toLowerCase() !== 'rfc2307' ||
    ['groupOfNames', 'groupOfMembers'].some((name) => has(entry, 'objectclass', name));
  const schema = given ?? (bis ? 'rfc2307bis' : 'rfc2307');
  const members = entry.get(schema === 'rfc2307' ? 'memberuid' : 'member') ?? [];
  return {
    dn: entry.get('dn')?.[0] ?? '',
    gid: Number(entry.get('gidnumber')?.[0]),
    schema,
    members: members.toSorted(),
  };
}

/** Object classes and the names of groups and users are compared without regard to case (RFC 4519). */
function has(entry: LdapEntry, attribute: string, value: string): boolean {
  return (entry.get(attribute) ?? []).some((one) => one.toLowerCase() === value.toLowerCase());
}
