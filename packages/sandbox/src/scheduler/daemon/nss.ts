import { execFile } from 'node:child_process';

export interface Group {
  readonly name: string;
  readonly gid: number;
}

/** An account as the name service switch of this host gives it. */
export interface Account {
  readonly user: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** Every group, the primary one included. */
  readonly groups: readonly Group[];
}

/** The name service cannot be asked at all: unlike a user who is not there. */
export class NssError extends Error {}

const NAME = /^[A-Za-z_][A-Za-z0-9_.@-]*\$?$/;

/**
 * Asks the C library for a user: local files, a directory, whatever nsswitch.conf(5) names. The answer of `id -G` is
 * initgroups(3), which is what a new session would get. Undefined where there is no such user. @throws NssError
 */
export async function lookUpAccount(user: string): Promise<Account | undefined> {
  if (!NAME.test(user)) return undefined;
  const [entry, ids] = await Promise.all([ask('getent', ['passwd', user]), ask('id', ['-G', user])]);
  const [name, , uid = '', gid = '', , home = '/'] = entry?.trimEnd().split(':') ?? [];
  if (name !== user || ids === undefined) return undefined;
  const gids = ids.trim().split(/\s+/);
  return { user, uid: Number(uid), gid: Number(gid), home, groups: await lookUpGroups(gids) };
}

/** Groups by names or gids, in that order; those that are not there are left out. @throws NssError */
export async function lookUpGroups(keys: readonly string[]): Promise<readonly Group[]> {
  if (keys.length === 0) return [];
  const told = await ask('getent', ['group', ...keys]);
  return (told ?? '').split('\n').flatMap((line) => {
    const [name = '', , gid = ''] = line.split(':');
    return name === '' ? [] : [{ name, gid: Number(gid) }];
  });
}

const LIMIT_MS = 10_000;

/** What a command says; undefined where it says that there is no such thing (with what it found, if any). */
function ask(command: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { timeout: LIMIT_MS, encoding: 'utf8' }, (error, stdout) => {
      // getent: 2 where one of several keys is not found; id: 1
      if (error === null || error.code === 1 || error.code === 2) {
        resolve(error === null || stdout !== '' ? stdout : undefined);
      } else {
        const why =
          error.killed === true ? `no answer within ${LIMIT_MS / 1000} s` : (error.code ?? error.message);
        reject(new NssError(`${command} ${args.join(' ')}: ${why}`, { cause: error }));
      }
    });
  });
}
