import { ClawError } from '@claw-run/core';
import { validHost, validUser } from './valid-names.ts';

/** Where to: what was given expressly; the rest is left to ssh_config. */
export interface Destination {
  /** A name, an address or an alias of ssh_config. */
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
}

/**
 * Reads `ssh://user@host:port`, `user@host`, `host:port` or an alias, as `ssh` and `ProxyJump` take them; IPv6 addresses stand in brackets where a port follows.
 * @throws ClawError `usage`
 */
export function parseDestination(text: string): Destination {
  const uri = text.startsWith('ssh://');
  const plain = uri ? text.slice('ssh://'.length).replace(/\/$/, '') : text;
  const at = plain.lastIndexOf('@');
  const user = at < 0 ? undefined : plain.slice(0, at);
  const place = plain.slice(at + 1);
  const bracketed = /^\[([^\]]+)\](?::(.*))?$/.exec(place);
  // More than one colon without brackets is an IPv6 address.
  const colon = bracketed ?? /^([^:]*)(?::([^:]*))?$/.exec(place) ?? [place, place, undefined];
  const [, host = '', port] = colon;
  if (host === '' || user === '')
    throw new ClawError('usage', `${JSON.stringify(text)} is not a destination of SSH`, {
      hint: 'write HOST, USER@HOST or ssh://USER@HOST:PORT',
    });
  const where = `${JSON.stringify(text)} is not a destination of SSH`;
  return {
    host: validHost(host, where),
    ...(user === undefined ? {} : { user: validUser(uri ? decoded(user) : user, where) }),
    ...(port === undefined ? {} : { port: portOf(port, text) }),
  };
}

/** A port number, or an error that says where it stands. */
export function portOf(text: string, where: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535)
    throw new ClawError('usage', `${where}: "${text}" is not a port number (1 to 65535)`);
  return port;
}

function decoded(user: string): string {
  try {
    return decodeURIComponent(user);
  } catch {
    return user;
  }
}
