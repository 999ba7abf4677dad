import { type Document, isMap, LineCounter, type Node, parseDocument } from 'yaml';

export interface Listen {
  readonly host: string;
  readonly port: number;
}

export interface Queue {
  readonly name: string;
  readonly slots: number;
  /** Whose members may use it; absent: everybody who is let in. */
  readonly groups?: readonly string[];
}

/** What `config.yaml` says, with its defaults. */
export interface SchedulerConfig {
  readonly host: string;
  readonly listen: readonly Listen[];
  /** Paths of the certificate and its key; absent: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly mode: 'groups' | 'ldap' | 'jwt';
  /** What a login is checked against: `users.yaml`, or the accounts of the host. */
  readonly login: 'users' | 'host';
  readonly authorizedGroups: readonly string[];
  readonly adminGroups: readonly string[];
  readonly tokenLifetimeSeconds: number;
  readonly groupCacheSeconds: number;
  readonly checkClient: boolean;
  readonly queues: readonly Queue[];
}

/** A configuration that cannot be used; the message names the line and the key. */
export class ConfigError extends Error {}

/** Reads the text of `config.yaml`. Keys that are not known are an error. @throws ConfigError */
export function parseConfig(text: string): SchedulerConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [fault] = document.errors;
  if (fault !== undefined) {
    throw new ConfigError(
      `line ${lines.linePos(fault.pos[0]).line}: ${fault.message.split(/ at line|\n/, 1)[0]}`,
    );
  }
  const fail = (path: readonly (string | number)[], why: string): never => {
    throw new ConfigError(
      `${lineOf(document.getIn(path, true) as Node | undefined, lines)}${dotted(path)}: ${why}`,
    );
  };
  const root = plainValueOf(document) ?? {};
  const section = (value: unknown, path: readonly (string | number)[], keys: readonly string[]) => {
    if (value === undefined) return {};
    if (!isRecord(value)) return fail(path, 'is not a mapping');
    const unknown = Object.keys(value).find((key) => !keys.includes(key));
    if (unknown !== undefined) return fail([...path, unknown], `is not known; there are ${keys.join(', ')}`);
    return value;
  };
  if (document.contents !== null && !isMap(document.contents)) throw new ConfigError('is not a mapping');
  const top = section(root, [], ['server', 'auth', 'queues']);
  const server = section(top.server, ['server'], ['host', 'listen', 'tls']);
  const auth = section(
    top.auth,
    ['auth'],
    ['mode', 'login', 'authorized_groups', 'admin_groups', 'token_lifetime', 'group_cache', 'check_client'],
  );
  const tls = section(server.tls, ['server', 'tls'], ['cert', 'key']);

  const word = (value: unknown, path: readonly (string | number)[]): string =>
    typeof value === 'string' && value !== '' ? value : fail(path, 'is not a text');
  const texts = (value: unknown, path: readonly (string | number)[]): readonly string[] =>
    Array.isArray(value)
      ? value.map((each, index) => word(each, [...path, index]))
      : fail(path, 'is not a list of texts');
  const seconds = (value: unknown, path: readonly (string | number)[]): number => {
    const found = typeof value === 'string' ? parseDuration(value) : undefined;
    return found ?? fail(path, 'is not a duration such as 60s, 5m or 24h');
  };
  const listen = (value: unknown, path: readonly (string | number)[]): Listen =>
    parseListen(word(value, path)) ?? fail(path, 'is not an address such as 0.0.0.0:8080 or [::]:8080');
  const queue = (value: unknown, path: readonly (string | number)[]): Queue => {
    const { name, slots, groups } = section(value, path, ['name', 'slots', 'groups']);
    if (typeof slots !== 'number' || !Number.isInteger(slots) || slots < 0)
      return fail([...path, 'slots'], 'is not a whole number');
    return {
      name: word(name, [...path, 'name']),
      slots,
      ...(groups !== undefined && { groups: texts(groups, [...path, 'groups']) }),
    };
  };
  const list = <T>(
    value: unknown,
    path: readonly (string | number)[],
    one: (value: unknown, path: readonly (string | number)[]) => T,
  ): readonly T[] =>
    Array.isArray(value) && value.length > 0
      ? value.map((each, index) => one(each, [...path, index]))
      : fail(path, 'is not a list with something in it');

  const { mode = 'groups', login = 'users', check_client: checkClient = true } = auth;
  if (mode !== 'groups' && mode !== 'ldap' && mode !== 'jwt')
    return fail(['auth', 'mode'], 'is not one of groups, ldap, jwt');
  if (login !== 'users' && login !== 'host') return fail(['auth', 'login'], 'is not one of users, host');
  if (typeof checkClient !== 'boolean') return fail(['auth', 'check_client'], 'is not true or false');
  return {
    host: word(server.host ?? 'claw-head-01', ['server', 'host']),
    listen: list(server.listen ?? ['0.0.0.0:8080', '[::]:8080'], ['server', 'listen'], listen),
    ...(server.tls !== undefined && {
      tls: {
        cert: word(tls.cert, ['server', 'tls', 'cert']),
        key: word(tls.key, ['server', 'tls', 'key']),
      },
    }),
    mode,
    login,
    authorizedGroups: texts(auth.authorized_groups ?? ['claw-users', 'claw-admins'], [
      'auth',
      'authorized_groups',
    ]),
    adminGroups: texts(auth.admin_groups ?? ['claw-admins'], ['auth', 'admin_groups']),
    tokenLifetimeSeconds: seconds(auth.token_lifetime ?? '24h', ['auth', 'token_lifetime']),
    groupCacheSeconds: seconds(auth.group_cache ?? '60s', ['auth', 'group_cache']),
    checkClient,
    queues: list(top.queues ?? [{ name: 'default', slots: 64 }], ['queues'], queue),
  };
}

/** Seconds of `90s`, `5m`, `24h`, `7d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const found = /^(\d{1,9})(s|m|h|d)$/.exec(text);
  if (found === null) return undefined;
  const unit = { s: 1, m: 60, h: 3600, d: 86_400 }[found[2] as 's' | 'm' | 'h' | 'd'];
  return Number(found[1]) * unit;
}

function plainValueOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

function parseListen(text: string): Listen | undefined {
  const found = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  const host = found?.[1] ?? found?.[2];
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function lineOf(node: Node | undefined, lines: LineCounter): string {
  const start = typeof node === 'object' ? node.range?.[0] : undefined;
  return start === undefined ? '' : `line ${lines.linePos(start).line}: `;
}

function dotted(path: readonly (string | number)[]): string {
  return (
    path
      .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
      .join('')
      .slice(1) || 'the file'
  );
}
