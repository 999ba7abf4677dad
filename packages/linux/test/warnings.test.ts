import { Secret } from '@claw-run/core';
import { expect, test } from 'vitest';
import { http } from '../src/checks/http.ts';
import { directoryOf, directoryView } from '../src/facts/directory.ts';

const base = 'dc=claw';
const login = { bindDn: 'cn=admin', passwordFile: '/root/password' };

test.each([
  [
    { uri: 'ldap://dir.example', ...login },
    /^the password of cn=admin goes to ldap:\/\/dir\.example in clear/,
  ],
  [{ uri: 'ldap://dir:389', bindDn: 'cn=a', password: new Secret('x') }, /^the password of cn=a goes to/],
  [{ uri: 'ldaps://one ldap://two', ...login }, /in clear/],
  [{ uri: 'ldap://127.0.0.1.evil.example', ...login }, /in clear/],
  [{ uri: 'ldap://dir.example', ...login, startTls: true }, undefined],
  [{ uri: 'ldaps://dir.example', ...login }, undefined],
  [{ uri: 'ldapi:///', ...login }, undefined],
  [{ uri: 'ldap://localhost:389', ...login }, undefined],
  [{ uri: 'ldap://127.0.0.1', ...login }, undefined],
  [{ uri: 'ldap://dir.example' }, undefined],
  [{ uri: 'ldap://dir.example', external: true }, undefined],
])('a directory of %j: %s', (input, warning) => {
  const directory = directoryOf({ external: false, base, ...input }, null);
  if ('missing' in directory) throw new Error(directory.missing);
  const said = directoryView(directory, 'group', 'user').warning;
  if (warning === undefined) expect(said).toBeUndefined();
  else expect(said).toMatch(warning);
});

test.each([
  [{ url: 'https://web' }, undefined],
  [{ url: 'https://web', insecure: true }, 'the certificate of https://web is not checked (insecure: true)'],
  [
    { url: 'https://web', insecure: true, 'token-command': ['clw', 'token'] },
    'the certificate of https://web is not checked (insecure: true), and a token is sent there',
  ],
  [{ url: 'http://web', 'token-command': ['clw', 'token'] }, 'a token goes to http://web in clear'],
  [{ url: 'http://web' }, undefined],
])('a request of %j: %s', (input, warning) => {
  expect(http.facts(http.input.parse(input)).answer.warning).toBe(warning);
});
