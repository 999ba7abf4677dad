import { ClawError, isPrintable } from '@claw-run/core';

/**
 * What OpenSSH accepts as a host since 9.6 (`valid_hostname` of its ssh.c): nothing that a shell would read in a template such as `ProxyCommand nc %h %p`.
 * @param where what the name is part of, for the message
 * @throws ClawError `usage`
 */
export function validHost(host: string, where: string): string {
  if (host === '' || host.startsWith('-') || /['`"$\\;&<>|(){}\s\p{Cc}/]/u.test(host) || !isPrintable(host))
    throw invalid(host, where, 'host');
  return host;
}

/** The same for a user (`valid_ruser`). @throws ClawError `usage` */
export function validUser(user: string, where: string): string {
  if (user === '' || user.startsWith('-') || /['`";&<>|(){}\p{Cc}]|\s-|\\$/u.test(user) || !isPrintable(user))
    throw invalid(user, where, 'user');
  return user;
}

function invalid(name: string, where: string, what: 'host' | 'user'): ClawError {
  return new ClawError(
    'usage',
    `${where}: ${JSON.stringify(name)} is not the name of a ${what} that SSH accepts`,
    {
      hint: `write HOST, USER@HOST or ssh://USER@HOST:PORT, without characters that a shell would read`,
    },
  );
}
