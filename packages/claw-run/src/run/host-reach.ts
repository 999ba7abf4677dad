import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { isObject, type JsonObject, Secret } from '@claw-run/core';
import { parseDuration } from '@claw-run/runbook';
import { flags, type Options } from '../cli/flags.ts';
import { UsageError } from '../cli/usage-error.ts';
import type { Io } from '../io.ts';
import { checkSource, secretFrom } from './secret-source.ts';

/** How hosts are reached and what is needed there, by the flags. Kept in journals, so it holds no secrets: only where they come from. */
export interface HostWays {
  readonly sshConfig?: string | undefined;
  readonly knownHosts?: readonly string[] | undefined;
  readonly identities?: readonly string[] | undefined;
  readonly connectSeconds?: number | undefined;
  readonly idleSeconds?: number | undefined;
  readonly sshPasswordFrom?: string | undefined;
  readonly passphraseFrom?: string | undefined;
  readonly sudoPasswordFrom?: string | undefined;
  readonly lockFolder?: string | undefined;
}

/** The flags, paths made absolute. @throws UsageError */
export function hostWays(options: Options, cwd: string): HostWays {
  const { sshConfig, knownHosts, identity } = options;
  const path = (file: string) => resolve(cwd, file);
  return defined({
    sshConfig: sshConfig === undefined ? undefined : path(sshConfig),
    knownHosts: knownHosts?.map(path),
    identities: identity?.map(path),
    connectSeconds: secondsOf('connectTimeout', options),
    idleSeconds: secondsOf('idleTimeout', options),
    sshPasswordFrom: source('sshPasswordFrom', options, cwd),
    passphraseFrom: source('passphraseFrom', options, cwd),
    sudoPasswordFrom: source('sudoPasswordFrom', options, cwd),
    lockFolder: options.lockDir,
  });
}

/** What a journal kept of them. */
export function keptWays(binding: unknown): HostWays {
  return isObject(binding) && isObject(binding.ways) ? (binding.ways as HostWays) : {};
}

/** The ways as a journal keeps them. */
export function waysToKeep(ways: HostWays): JsonObject {
  return Object.keys(ways).length === 0 ? {} : { ways: { ...ways } };
}

/** What answers for a person where hosts ask: flags first, then the terminal. Each secret is asked for once for all hosts. */
export interface Answers {
  readonly sudoPassword: () => Promise<Secret | undefined>;
  readonly ask: {
    readonly passphrase?: (file: string) => Promise<Secret | undefined>;
    readonly password?: (account: string) => Promise<Secret | undefined>;
    readonly answer?: (
      account: string,
      question: string,
      options: { echo: boolean },
    ) => Promise<Secret | undefined>;
  };
}

/** The answers that flags and terminal can give; nobody is asked before a host asks. */
export function answersOf(ways: HostWays, io: Io, mayAsk: boolean): Answers {
  let last: Promise<unknown> = Promise.resolve();
  // one question at a time, however many hosts ask
  const inTurn = <T>(question: () => Promise<T>): Promise<T> => {
    const next = last.then(question, question);
    last = next.catch(() => undefined);
    return next;
  };
  const once = <T>(question: (subject: string) => Promise<T>) => {
    const answers = new Map<string, Promise<T>>();
    return (subject: string) => {
      const known = answers.get(subject) ?? inTurn(() => question(subject));
      answers.set(subject, known);
      return known;
    };
  };
  const asked = async (message: string): Promise<Secret | undefined> => {
    const { askSecret } = await import('../prompt.ts');
    const secret = new Secret(await askSecret(io, message));
    io.redactor.add(secret);
    return secret;
  };
  const sourceOr = (source: string | undefined, flag: string, question: (subject: string) => string) => {
    if (source !== undefined && source !== 'prompt') {
      const given = once(() => secretFrom(source, { flag, question: '', io }));
      return () => given('');
    }
    if (source === 'prompt' && !mayAsk)
      return () => secretFrom('prompt', { flag, question: '', io: { ...io, canAsk: false } });
    return mayAsk ? once((subject: string) => asked(question(subject))) : undefined;
  };
  const passphrase = sourceOr(
    ways.passphraseFrom,
    'passphrase-from',
    (file) => `Passphrase of the key ${file}:`,
  );
  const password = sourceOr(
    ways.sshPasswordFrom,
    'ssh-password-from',
    (account) => `Password of ${account}:`,
  );
  const sudo =
    ways.sudoPasswordFrom === undefined
      ? undefined
      : sourceOr(ways.sudoPasswordFrom, 'sudo-password-from', () => 'Password for sudo:');
  return {
    sudoPassword: () => sudo?.('') ?? Promise.resolve(undefined),
    ask: {
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(password === undefined ? {} : { password }),
      ...(mayAsk ? { answer: (account, question) => inTurn(() => asked(`${account}: ${question}`)) } : {}),
    },
  };
}

/** Where ssh looks for its files. */
export function homeOf(env: NodeJS.ProcessEnv): string {
  return env.HOME ?? homedir();
}

function secondsOf(name: 'connectTimeout' | 'idleTimeout', options: Options): number | undefined {
  const text = options[name];
  const seconds = text === undefined ? undefined : parseDuration(text);
  if (text !== undefined && (seconds === undefined || seconds <= 0))
    throw new UsageError(`--${flags[name].long} does not understand ${JSON.stringify(text)}`, 'as 10s or 1m');
  return seconds;
}

function source(
  name: 'sshPasswordFrom' | 'passphraseFrom' | 'sudoPasswordFrom',
  options: Options,
  cwd: string,
): string | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  checkSource(text, flags[name].long);
  return text.startsWith('file:') ? `file:${resolve(cwd, text.slice('file:'.length))}` : text;
}

function defined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
