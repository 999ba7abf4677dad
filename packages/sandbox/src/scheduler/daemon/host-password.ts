import { spawn } from 'node:child_process';

/** The helper of pam_unix(8); it reads the password from standard input, and only root may ask it about others. */
const HELPER = 'unix_chkpwd';
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

/**
 * Whether an account of this host has this password, and may log in: it is neither locked nor expired, nor is its
 * password. Undefined where shadow(5) does not have the account, as with those of a directory.
 */
export async function isHostPassword(user: string, password: string): Promise<boolean | undefined> {
  if ((await exitOf('getent', ['shadow', user])) !== 0) return undefined;
  if ((await exitOf(HELPER, [user, 'nonull'], `${password}\0`)) !== 0) return false;
  return (await exitOf(HELPER, [user, 'chkexpiry'])) === 0;
}

/** -1 where the program cannot be run. */
function exitOf(command: string, args: readonly string[], input = ''): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...process.env, PATH },
      timeout: 10_000,
    });
    child.once('error', () => resolve(-1));
    child.once('close', (code) => resolve(code ?? -1));
    child.stdin.on('error', () => {}).end(input);
  });
}
