import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { ClawError } from '@claw-run/core';
import { refuseUnknown } from './config-keywords.ts';
import { type ConfigLine, isNone } from './config-line.ts';
import { type Destination, portOf } from './destination.ts';
import { usualGlobal } from './known-hosts.ts';
import { type ConfigValues, readConfig } from './read-config.ts';
import { validHost, validUser } from './valid-names.ts';

/** How one host is reached: what was given, then what ssh_config says, then OpenSSH's defaults. */
export interface HopSettings {
  /** As the user names the host. */
  readonly alias: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** In the order in which they are tried; `expressly` where the user chose them, else one of OpenSSH's usual files. */
  readonly identityFiles: readonly { readonly path: string; readonly expressly: boolean }[];
  readonly identitiesOnly: boolean;
  /** The socket of the agent. */
  readonly agent: string | undefined;
  readonly jumps: readonly string[];
  readonly proxyCommand: { readonly command: string; readonly at: string } | undefined;
  readonly knownHosts: readonly string[];
  readonly hostKeyAlias: string | undefined;
  /** A laxer check of host keys that the file asks for, and where: it is not followed. */
  readonly laxer: { readonly value: string; readonly at: string } | undefined;
  /** The files of `RevokedHostKeys`, and where they are named. */
  readonly revokedKeys: readonly { readonly path: string; readonly at: string }[];
  /** Files of known hosts of which only what they revoke holds. */
  readonly revoking: readonly string[];
  /** Bits that an RSA key has at least, the host's or one's own. */
  readonly requiredRsa: number;
  readonly connectSeconds: number;
  readonly aliveSeconds: number;
  readonly aliveCount: number;
  readonly algorithms: {
    readonly [kind in 'kex' | 'cipher' | 'hmac' | 'serverHostKey' | 'publicKey']?: ConfigLine;
  };
  readonly methods: { readonly publickey: boolean; readonly password: boolean; readonly keyboard: boolean };
  readonly preferred: readonly string[] | undefined;
  readonly family: 0 | 4 | 6;
  readonly localAddress: string | undefined;
}

/** Where settings come from. */
export interface SettingsSource {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly localUser?: string | undefined;
  readonly configFiles?: readonly string[] | undefined;
  readonly knownHosts?: readonly string[] | undefined;
  readonly identityFiles?: readonly string[] | undefined;
  readonly agent?: string | false | undefined;
  readonly connectSeconds?: number | undefined;
  readonly aliveSeconds?: number | undefined;
  readonly aliveCount?: number | undefined;
}

/** OpenSSH's own, without those that ssh2 cannot use at all. */
const usualKeys = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk'];

/** @throws ClawError `unreachable` where the files cannot be read or make no sense, with file and line */
export async function settingsOf(to: Destination, source: SettingsSource): Promise<HopSettings> {
  const localUser = source.localUser ?? userInfo().username;
  const files = source.configFiles ?? [join(source.home, '.ssh/config'), '/etc/ssh/ssh_config'];
  const query = { host: to.host, user: to.user, localUser, home: source.home };
  validHost(to.host, 'the destination');
  const values = await readConfig(files, query);
  refuseUnknown(values);
  const one = (keyword: string) => values.get(keyword)?.[0];
  const word = (keyword: string) => one(keyword)?.words[0];
  const port = one('port');
  const user = validUser(to.user ?? word('user') ?? localUser, one('user')?.at ?? 'the user');
  const hostName = one('hostname');
  const hostKeyAlias = one('hostkeyalias');
  const known = {
    '%': '%',
    h: hostName === undefined ? to.host : validHost(expand(hostName, { '%': '%', h: to.host }), hostName.at),
    n: to.host,
    p: String(to.port ?? (port === undefined ? 22 : portOf(port.words[0] ?? '', port.at))),
    r: user,
    u: localUser,
    d: source.home,
    i: String(process.getuid?.() ?? 0),
    k: hostKeyAlias === undefined ? to.host : validHost(hostKeyAlias.words[0] ?? '', hostKeyAlias.at),
  };
  const pathIn = (line: ConfigLine, text = line.words[0] ?? '') =>
    inHome(expandEnv(expand(line, known, text), source.env, line), source.home);
  const strict = one('stricthostkeychecking');
  const lax = /^(no|off|accept-new)$/i.test(strict?.words[0] ?? '');
  const proxyCommand = one('proxycommand');
  return {
    alias: to.host,
    host: known.h,
    port: Number(known.p),
    user,
    identityFiles: identityFiles(values, source, pathIn),
    identitiesOnly: yes(one('identitiesonly')) ?? false,
    agent: agentOf(source, one('identityagent'), pathIn),
    jumps: jumpsOf(one('proxyjump')),
    proxyCommand:
      proxyCommand === undefined || isNone(proxyCommand)
        ? undefined
        : {
            command: expand(proxyCommand, forShell(known, proxyCommand), proxyCommand.rest),
            at: proxyCommand.at,
          },
    revokedKeys: revokedKeys(one('revokedhostkeys'), pathIn),
    revoking:
      source.knownHosts === undefined ? [] : knownHosts(one('globalknownhostsfile'), pathIn, usualGlobal),
    requiredRsa: Math.max(1024, count(one('requiredrsasize')) ?? 0),
    knownHosts: source.knownHosts ?? [
      ...knownHosts(one('userknownhostsfile'), pathIn, [
        join(source.home, '.ssh/known_hosts'),
        join(source.home, '.ssh/known_hosts2'),
      ]),
      ...knownHosts(one('globalknownhostsfile'), pathIn, usualGlobal),
    ],
    hostKeyAlias: hostKeyAlias === undefined ? undefined : known.k,
    laxer: lax && strict !== undefined ? { value: strict.words[0] ?? '', at: strict.at } : undefined,
    connectSeconds: source.connectSeconds ?? seconds(one('connecttimeout')) ?? 15,
    aliveSeconds: source.aliveSeconds ?? (seconds(one('serveraliveinterval')) || 15),
    aliveCount: source.aliveCount ?? (count(one('serveralivecountmax')) || 3),
    algorithms: withoutUndefined({
      kex: one('kexalgorithms'),
      cipher: one('ciphers'),
      hmac: one('macs'),
      serverHostKey: one('hostkeyalgorithms'),
      publicKey: one('pubkeyacceptedalgorithms'),
    }),
    methods: {
      publickey: yes(one('pubkeyauthentication')) ?? true,
      password: yes(one('passwordauthentication')) ?? true,
      keyboard: yes(one('kbdinteractiveauthentication')) ?? true,
    },
    preferred: word('preferredauthentications')?.split(','),
    family: { inet: 4 as const, inet6: 6 as const }[word('addressfamily')?.toLowerCase() ?? ''] ?? 0,
    localAddress: word('bindaddress'),
  };
}

function identityFiles(
  values: ConfigValues,
  source: SettingsSource,
  pathIn: (line: ConfigLine) => string,
): HopSettings['identityFiles'] {
  const given = (source.identityFiles ?? []).map((path) => inHome(path, source.home));
  const lines = values.get('identityfile') ?? [];
  const written = lines.filter((line) => !isNone(line)).map((line) => pathIn(line));
  const expressly = [...new Set([...given, ...written])].map((path) => ({ path, expressly: true }));
  if (expressly.length > 0 || lines.length > 0) return expressly;
  return usualKeys.map((name) => ({ path: join(source.home, '.ssh', name), expressly: false }));
}

function agentOf(
  source: SettingsSource,
  line: ConfigLine | undefined,
  pathIn: (line: ConfigLine) => string,
): string | undefined {
  if (source.agent === false) return undefined;
  if (source.agent !== undefined) return source.agent;
  const usual = source.env.SSH_AUTH_SOCK || undefined;
  const word = line?.words[0];
  if (line === undefined || word === undefined || word === 'SSH_AUTH_SOCK') return usual;
  if (word.toLowerCase() === 'none') return undefined;
  if (word.startsWith('$') && !word.startsWith('${')) return source.env[word.slice(1)] || undefined;
  return pathIn(line);
}

function jumpsOf(line: ConfigLine | undefined): readonly string[] {
  return line === undefined || isNone(line) ? [] : (line.words[0] ?? '').split(',');
}

function knownHosts(
  line: ConfigLine | undefined,
  pathIn: (line: ConfigLine, text: string) => string,
  usual: readonly string[],
): readonly string[] {
  if (line === undefined) return usual;
  return isNone(line) ? [] : line.words.map((word) => pathIn(line, word));
}

function revokedKeys(
  line: ConfigLine | undefined,
  pathIn: (line: ConfigLine, text: string) => string,
): HopSettings['revokedKeys'] {
  if (line === undefined || isNone(line)) return [];
  return line.words.map((word) => ({ path: pathIn(line, word), at: line.at }));
}

/** In a command a user is held to what a host is: a shell reads more than `valid_ruser` of OpenSSH forbids. */
function forShell<K extends { readonly r: string }>(known: K, { at, rest }: ConfigLine): K {
  if (rest.includes('%r')) validHost(known.r, `${at}: %r`);
  return known;
}

/** Puts in what `%h` and its like stand for. */
function expand(
  line: ConfigLine,
  known: { readonly [letter: string]: string },
  text = line.words[0] ?? '',
): string {
  return text.replaceAll(/%(.?)/g, (token, letter: string) => {
    const value = known[letter];
    if (value !== undefined) return value;
    throw unclear(line, `${token} stands for nothing that the built-in SSH knows here`);
  });
}

function expandEnv(text: string, env: NodeJS.ProcessEnv, line: ConfigLine): string {
  return text.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    const value = env[name];
    if (value !== undefined) return value;
    throw unclear(line, `the environment variable ${name} is not set`);
  });
}

function inHome(path: string, home: string): string {
  if (path === '~') return home;
  if (path.startsWith('~/')) return join(home, path.slice(2));
  return isAbsolute(path) ? path : join(process.cwd(), path);
}

function yes(line: ConfigLine | undefined): boolean | undefined {
  const word = line?.words[0]?.toLowerCase();
  if (line === undefined || word === undefined) return undefined;
  // `PubkeyAuthentication` also knows host-bound and unbound.
  if (['yes', 'true', 'unbound', 'host-bound'].includes(word)) return true;
  if (['no', 'false'].includes(word)) return false;
  throw unclear(line, `"${word}" is neither yes nor no`);
}

function count(line: ConfigLine | undefined): number | undefined {
  const word = line?.words[0];
  if (line === undefined || word === undefined) return undefined;
  if (/^\d{1,9}$/.test(word)) return Number(word);
  throw unclear(line, `"${word}" is not a number`);
}

/** A time of sshd_config(5), TIME FORMATS: `90`, `1m30s`. */
function seconds(line: ConfigLine | undefined): number | undefined {
  const word = line?.words[0]?.toLowerCase();
  if (line === undefined || word === undefined || word === 'none') return undefined;
  if (!/^(\d{1,9}[smhdw]?)+$/.test(word)) throw unclear(line, `"${word}" is not a time`);
  const units = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  return [...word.matchAll(/(\d+)([smhdw]?)/g)].reduce(
    (sum, [, digits, unit]) => sum + Number(digits) * (units[unit as keyof typeof units] ?? 1),
    0,
  );
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function unclear(line: ConfigLine, finding: string): ClawError {
  return new ClawError('unreachable', `${line.at}: ${finding}`, { hint: 'correct the line' });
}
