import { type Fact, runFact } from '@claw-run/core';
import { stdoutOf } from '../lib/exit.ts';

/** A variable that sends programs to a proxy, or keeps them from it. */
export type ProxyVariable = { readonly name: string; readonly value: string };

/** A line that sets one. */
export type ProxySource = { readonly file: string; readonly line: number; readonly name: string };

const names = '(https?|ftp|all|no)_proxy';

/** The files and folders of the system that logging in reads variables from. */
const systemFiles = [
  '/etc/environment',
  '/etc/default/locale',
  '/etc/security/pam_env.conf',
  '/etc/profile',
  '/etc/profile.d',
  '/etc/bash.bashrc',
  '/etc/bashrc',
];

/** Those of a user who logs in now. */
export function proxyVariables(user: string): Fact<'host', readonly ProxyVariable[]> {
  return runFact({
    key: `proxy variables of ${user}`,
    argv: ['sh', '-c', `env | grep -iE "^${names}=" || [ $? -eq 1 ]`],
    as: user,
    about: [...systemFiles.map((path) => `file ${path}`), `account ${user}`],
    parse: (result) =>
      stdoutOf('env', result)
        .split('\n')
        .flatMap((line) => {
          const at = line.indexOf('=');
          return at < 1 ? [] : [{ name: line.slice(0, at), value: withoutLogin(line.slice(at + 1)) }];
        })
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  });
}

/** Where login shells and PAM take variables from; `$1` is the home of the user. */
const files =
  '/etc/environment /etc/default/locale /etc/security/pam_env.conf /etc/profile /etc/profile.d/*.sh /etc/bash.bashrc /etc/bashrc ' +
  '"$1"/.profile "$1"/.bash_profile "$1"/.bash_login "$1"/.bashrc "$1"/.pam_environment';

/** The lines that set such a variable, as far as files of the system and of the user go. */
export function proxySources(home: string): Fact<'host', readonly ProxySource[]> {
  return runFact({
    key: `lines that set proxy variables for ${home}`,
    argv: ['sh', '-c', `grep -HnisE "^[^#]*\\b${names}\\b" -- ${files}; [ $? -le 2 ]`, 'sh', home],
    sudo: true,
    paths: [home],
    about: [...systemFiles, home].map((path) => `file ${path}`),
    parse: ({ stdout }) =>
      stdout.split('\n').flatMap((line) => {
        const [, file, number, text = ''] = /^([^:]+):(\d+):(.*)$/.exec(line) ?? [];
        const name = new RegExp(`\\b${names}\\b`, 'i').exec(text)?.[0];
        return file === undefined || name === undefined ? [] : [{ file, line: Number(number), name }];
      }),
  });
}

/** Who logs in to a proxy, and with what, is nobody else's business. */
function withoutLogin(value: string): string {
  return value.replaceAll(/\/\/[^@/\s]*@/g, '//…@');
}
