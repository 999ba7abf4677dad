import { type Fact, type RunResult, runFact } from '@claw-run/core';
import { failed } from '../lib/exit.ts';

/** A process with the groups it was started with; nothing gives a running process another one. */
export type ProcessGroups = {
  readonly pid: number;
  /** Login session of systemd-logind; `null` for what is in none (a service, `systemd --user`). */
  readonly session: string | null;
  readonly command: string;
  /** Effective and supplementary group ids. */
  readonly gids: readonly number[];
};

/** Processes, or that they are hidden from who asks (proc(5), `hidepid`). */
export type Processes =
  | { readonly visible: true; readonly list: readonly ProcessGroups[] }
  | { readonly visible: false };

/** By real uid, or one process by its id. Process 1 is asked for along, to learn whether processes of others can be seen. */
export function processes(of: { readonly uid: number } | { readonly pid: number }): Fact<'host', Processes> {
  const select = 'uid' in of ? ['-p', '1', '-U', `${of.uid}`] : ['-p', `1,${of.pid}`];
  return runFact({
    key: 'uid' in of ? `processes of uid ${of.uid}` : `process ${of.pid}`,
    argv: ['ps', '-ww', ...select, '-o', 'pid=,egid=,lsession=,comm=,supgid='],
    about: ['process'],
    parse: (result) => parseProcesses(result, 'uid' in of ? of.uid === 0 : of.pid === 1),
  });
}

/** @throws ClawError `fact-unreadable` where ps is not the one of procps */
export function parseProcesses(result: RunResult, withFirst: boolean): Processes {
  if (result.exit > 1 || (result.exit === 1 && result.stderr !== '')) throw failed('ps', result);
  const all = result.stdout.split('\n').flatMap((line): ProcessGroups[] => {
    const [, pid, gid = '', session, command, groups = ''] =
      /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*?)\s+([\d,]+|-)\s*$/.exec(line) ?? [];
    if (pid === undefined || session === undefined || command === undefined) return [];
    const gids = [gid, ...groups.split(',')].filter((id) => /^\d+$/.test(id)).map(Number);
    return [
      { pid: Number(pid), session: session === '-' ? null : session, command, gids: [...new Set(gids)] },
    ];
  });
  if (!all.some(({ pid }) => pid === 1)) return { visible: false };
  return { visible: true, list: withFirst ? all : all.filter(({ pid }) => pid !== 1) };
}
