import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { Failure } from './failure.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The process that talks to the scheduler. */
export interface Identity {
  readonly user: string;
  readonly uid: number;
  readonly gids: readonly number[];
}

/**
 * This process as the kernel has it. On a practice head node without root, `CLAW_PRACTICE_IDENTITY` (`UID:GID,GID`)
 * stands for it.
 */
export function readIdentity(env: Env): Identity {
  const user = env.USER || env.LOGNAME || nameOfUser();
  const given = /^(\d+):(\d+(?:,\d+)*)$/.exec(env.CLAW_PRACTICE_IDENTITY ?? '');
  if (given !== null) return { user, uid: Number(given[1]), gids: (given[2] ?? '').split(',').map(Number) };
  const uid = process.getuid?.() ?? 0;
  const gids = new Set([process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])]);
  return { user, uid, gids: [...gids].sort((a, b) => a - b) };
}

/**
 * Starts this program again in a user namespace where the caller is root, as a container without an identity mapping
 * does. Its exit code; undefined where this is that process already. @throws Failure
 */
export function runInContainer(env: Env): number | undefined {
  if (env.CLW_CONTAINER !== undefined) return undefined;
  const { status, error } = spawnSync(
    'unshare',
    ['--map-root-user', '--', process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...env, CLW_CONTAINER: 'root' } },
  );
  if (error === undefined && status !== null) return status;
  throw new Failure('clw-container-failed', `unshare: ${error?.message ?? 'it was ended by a signal'}`);
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '');
  }
}
