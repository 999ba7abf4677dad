import { createLibrary } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { describeLaws, type Subject } from '@claw-run/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabHost, releasesFor, upHost, whyNoLab } from './support/lab.ts';
import { type ByShell, subjectByShell } from './support/subject-by-shell.ts';
import { reach } from './support/try-runbook.ts';

const missing = whyNoLab();
if (missing !== undefined) console.error(`groups that list DNs are not tried: ${missing}`);

const library = createLibrary(linux);
let host: LabHost;

/** The directory of the lab, made anew with the groups of RFC 2307bis and a manager who logs in by SASL EXTERNAL. */
const bis = String.raw`
systemctl stop slapd sssd
sed -e "/NAME 'posixGroup'/,/^$/{ s/STRUCTURAL/AUXILIARY/; s/MUST ( cn \$ gidNumber )/MUST gidNumber/ }" /etc/ldap/schema/nis.schema >/etc/ldap/schema/bis.schema
sed -i -e 's|schema/nis.schema|schema/bis.schema|' -e 's|^access to .*|access to * by dn.exact="gidNumber=0+uidNumber=0,cn=peercred,cn=external,cn=auth" write by * read|' -e 's/^index .*/index objectClass,uid,cn,member,uidNumber,gidNumber eq/' /etc/ldap/slapd.conf
rm -f /var/lib/ldap/*
slapadd -f /etc/ldap/slapd.conf <<'E'
dn: dc=claw,dc=test
objectClass: dcObject
objectClass: organization
o: claw
dc: claw

dn: ou=people,dc=claw,dc=test
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=claw,dc=test
objectClass: organizationalUnit
ou: groups

dn: uid=lalice,ou=people,dc=claw,dc=test
objectClass: account
objectClass: posixAccount
uid: lalice
cn: LDAP Alice
uidNumber: 20001
gidNumber: 20001
homeDirectory: /home/lalice
loginShell: /bin/bash

dn: uid=lbob,ou=people,dc=claw,dc=test
objectClass: account
objectClass: posixAccount
uid: lbob
cn: LDAP Bob
uidNumber: 20002
gidNumber: 20001
homeDirectory: /home/lbob

dn: cn=lalice,ou=groups,dc=claw,dc=test
objectClass: groupOfNames
objectClass: posixGroup
cn: lalice
gidNumber: 20001
member: uid=lalice,ou=people,dc=claw,dc=test

dn: cn=claw-ldap,ou=groups,dc=claw,dc=test
objectClass: groupOfNames
objectClass: posixGroup
cn: claw-ldap
gidNumber: 21000
member: UID=lbob, OU=People, DC=claw, DC=test

dn: cn=claw-outer,ou=groups,dc=claw,dc=test
objectClass: groupOfNames
objectClass: posixGroup
cn: claw-outer
gidNumber: 21001
member: cn=lalice,ou=groups,dc=claw,dc=test

dn: cn=claw-unique,ou=groups,dc=claw,dc=test
objectClass: groupOfUniqueNames
objectClass: posixGroup
cn: claw-unique
gidNumber: 21002
uniqueMember: uid=lbob,ou=people,dc=claw,dc=test
E
chown openldap:openldap /var/lib/ldap/*
sed -i 's/^ldap_schema = .*/ldap_schema = rfc2307bis/' /etc/sssd/sssd.conf
systemctl start slapd sssd
sss_cache -E
timeout 60 sh -c 'until getent passwd lalice >/dev/null; do :; done'
`;

const entry = 'dn: cn=claw-ldap,ou=groups,dc=claw,dc=test\\nchangetype: modify\\n';
const ldap = 'ldapmodify -Q -Y EXTERNAL -H ldapi:///';
const dn = 'uid=lalice,ou=people,dc=claw,dc=test';
const without = `printf '${entry}delete: member\\nmember: ${dn}\\n' | ${ldap} 2>/dev/null || true; sss_cache -E`;
const withMember = `${without}; printf '${entry}add: member\\nmember: ${dn}\\n' | ${ldap}; sss_cache -E`;
const stale = `${without}; id lalice; getent group claw-ldap; printf '${entry}add: member\\nmember: ${dn}\\n' | ${ldap}`;

/** A use of a definition in a directory that a shell line makes. */
function subject(one: ByShell & { make: string }): Subject {
  return subjectByShell(library, () => host, one);
}

const directory = { uri: 'ldapi:///', external: true };
const lalice = { user: 'lalice', group: 'claw-ldap', directory };

describe.skipIf(missing !== undefined).each(releasesFor('directory'))(
  'with a directory whose groups list DNs (%s)',
  (release) => {
    beforeAll(async () => {
      host = await upHost('dir', { release, ldap: true, ldapCacheSeconds: 600 });
      await host.sh('bash -es', { input: bis });
    });
    afterAll(() => host?.down());

    const connect = () => reach(host);
    describeLaws(
      [
        subject({
          id: 'linux.group-member',
          title: 'a user who is not in the group, by SASL EXTERNAL',
          with: lalice,
          make: without,
        }),
      ],
      { connect },
    );

    describeLaws(
      [
        subject({
          id: 'linux.group-member',
          title: 'a user who is in the group',
          with: lalice,
          make: withMember,
          plans: 'settled',
        }),
        subject({
          id: 'linux.group-member',
          title: 'a user whose DN is written in another way',
          with: { ...lalice, user: 'lbob' },
          make: without,
          plans: 'settled',
        }),
        subject({
          id: 'linux.group-member',
          title: 'a user who is in a group in the group',
          with: { ...lalice, group: 'claw-outer' },
          make: `${without}; id lalice; getent group claw-outer`,
          plans: 'refused',
        }),
        subject({
          id: 'linux.group-member',
          title: 'a group of unique names',
          with: { ...lalice, group: 'claw-unique' },
          make: without,
          plans: 'refused',
        }),
        subject({ id: 'linux.group-visible', title: 'a stale cache of sssd', with: lalice, make: stale }),
        subject({
          id: 'linux.group-layers',
          title: 'a stale cache of sssd',
          with: { ...lalice, layer: 'caches' },
          make: stale,
          finds: 'fail',
        }),
        subject({
          id: 'linux.group-layers',
          title: 'no member',
          with: { ...lalice, layer: 'source' },
          make: without,
          finds: 'fail',
        }),
        subject({
          id: 'linux.group-layers',
          title: 'a group in the group',
          with: { ...lalice, group: 'claw-outer', layer: 'source' },
          make: without,
          finds: 'unknown',
        }),
      ],
      { connect, crashes: false },
    );

    it('the host sees who was added', async () => {
      await host.sh(withMember);
      expect((await host.sh('id -nG lalice')).split(' ').toSorted()).toEqual([
        'claw-ldap',
        'claw-outer',
        'lalice',
      ]);
    });
  },
);
