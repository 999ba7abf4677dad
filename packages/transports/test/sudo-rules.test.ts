import { expect, it } from 'vitest';
import { parseSudoRules, wantsPassword } from '../src/host/sudo-rules.ts';

/** As sudo 1.9.13 lists it; later versions name the file of an entry. */
const listed = `Matching Defaults entries for bob on web1:
    env_reset, mail_badpass, secure_path=/usr/local/sbin\\:/usr/local/bin, use_pty

User bob may run the following commands on web1:

Sudoers entry:
    RunAsUsers: root
    Options: !authenticate
    Commands:
\t/usr/bin/id -u
\t/usr/bin/systemctl restart clw-*

Sudoers entry: /etc/sudoers.d/bob
    RunAsUsers: root, alice
    Commands:
\t/usr/bin/cat /etc/shadow
\t/usr/bin/whoami ""
\t/opt/tools/
\t/usr/bin/systemctl restart clw-db
\t/usr/bin/dd of\\=/etc/a\\ b

Sudoers entry:
    RunAsUsers: ALL
    Options: setenv, authenticate
    Commands:
\t/usr/bin/tee
`;

it.each([
  [['/usr/bin/id', '-u'], 'root', false],
  [['/usr/bin/id'], 'root', undefined],
  [['/usr/bin/systemctl', 'restart', 'clw-web'], 'root', false],
  [['/usr/bin/systemctl', 'restart', 'clw-db'], 'root', true],
  [['/usr/bin/systemctl', 'stop', 'clw-web'], 'root', undefined],
  [['/usr/bin/cat', '/etc/shadow'], 'root', true],
  [['/usr/bin/cat', '/etc/shadow'], 'alice', true],
  [['/usr/bin/cat', '/etc/shadow'], 'eve', undefined],
  [['/usr/bin/whoami'], 'root', true],
  [['/usr/bin/whoami', '--help'], 'root', undefined],
  [['/opt/tools/mend', 'all'], 'root', true],
  [['/usr/bin/dd', 'of=/etc/a b'], 'root', true],
  [['/usr/bin/tee', '/etc/any'], 'eve', true],
] as const)('%j as %s: a password is asked for? %s', (words, runAs, wanted) => {
  expect(wantsPassword(parseSudoRules(listed), { words, runAs })).toBe(wanted);
});

it('the defaults hold where no tag says otherwise, and all is all', () => {
  const free = listed.replace('use_pty', 'use_pty, !authenticate');
  expect(wantsPassword(parseSudoRules(free), { words: ['/usr/bin/cat', '/etc/shadow'], runAs: 'root' })).toBe(
    false,
  );
  expect(wantsPassword(parseSudoRules(free), { words: ['/usr/bin/tee'], runAs: 'root' })).toBe(true);
  const all =
    'User ops may run the following commands on web1:\n\nLDAP Role: ops\n    RunAsUsers: ALL\n    Commands:\n\tALL\n';
  expect(wantsPassword(parseSudoRules(all), { words: ['/usr/bin/sh'], runAs: 'root' })).toBe(true);
});

it('nothing is made of what is no list', () => {
  for (const text of ['', 'sudo: a password is required\n', 'Sorry, user eve may not run sudo on web1.\n'])
    expect(parseSudoRules(text)).toEqual({ authenticate: true, rules: [] });
});
