import {
  ClawError,
  type Connection,
  type HostAction,
  type HostRead,
  type LockHolder,
  type RefusedCommand,
} from '@claw-run/core';

/** A host in memory that holds files and obeys: programs are functions of its files. */
export interface FakeHost {
  readonly name: string;
  readonly files: Map<string, string>;
  /** Every action that took place, in order. */
  readonly done: string[];
  /** Every read that was served. */
  readonly reads: string[];
  readonly held: Map<string, LockHolder>;
  /** Connections that are open at this moment, and the most there were. */
  readonly open: { now: number; most: number };
  readonly connect: (weather?: Weather) => Connection<'host'>;
}

/** What befalls a connection. */
export interface Weather {
  /** Whether the connection is lost at this action (counted from 0), and whether that is before or after the action took place. */
  readonly drops?: (action: number) => 'before' | 'after' | undefined;
  /** How many calls fail after it was lost, until it can be reached again; `Infinity` for never. */
  readonly gone?: number;
  /** Commands that sudo does not grant. */
  readonly refuses?: (command: string) => boolean;
}

export function createHost(name: string, files: { readonly [path: string]: string } = {}): FakeHost {
  const host = {
    name,
    files: new Map(Object.entries(files)),
    done: [] as string[],
    reads: [] as string[],
    held: new Map<string, LockHolder>(),
    open: { now: 0, most: 0 },
  };
  return { ...host, connect: (weather = {}) => connectTo(host, weather) };
}

function connectTo(host: Omit<FakeHost, 'connect'>, weather: Weather): Connection<'host'> {
  let actions = 0;
  let gone = 0;
  let opened = false;
  const reach = () => {
    if (gone > 0) {
      gone -= 1;
      throw lost(host.name);
    }
    if (opened) return;
    opened = true;
    host.open.now += 1;
    host.open.most = Math.max(host.open.most, host.open.now);
  };
  const drop = () => {
    gone = weather.gone ?? 1;
    throw lost(host.name);
  };
  return {
    kind: 'host',
    name: host.name,
    async read(read) {
      reach();
      if (commandOf(read) !== undefined && weather.refuses?.(commandOf(read) ?? '') === true)
        throw new ClawError('forbidden', `sudo on ${host.name} does not allow ${commandOf(read)}`);
      host.reads.push(read.read === 'file' ? read.path : read.argv.join(' '));
      return answer(host, read);
    },
    async perform(action) {
      reach();
      const fate = weather.drops?.(actions);
      actions += 1;
      if (fate === 'before') drop();
      obey(host, action);
      host.done.push(describe(action));
      if (fate === 'after') drop();
      return {};
    },
    async refused(wanted) {
      reach();
      return wanted.flatMap((each): RefusedCommand[] => {
        const command = commandOf(each);
        return command !== undefined && weather.refuses?.(command) === true
          ? [{ user: 'ops', runAs: 'as' in each ? (each.as ?? 'root') : 'root', command }]
          : [];
      });
    },
    async lock(holder) {
      reach();
      const other = host.held.get(host.name);
      if (other !== undefined && other.run !== holder.run)
        throw new ClawError('locked', `run ${other.run} holds the lock of ${host.name}`);
      host.held.set(host.name, holder);
      return {
        lost: new AbortController().signal,
        release: async () => {
          reach();
          host.held.delete(host.name);
        },
      };
    },
    async close() {
      if (opened) host.open.now -= 1;
      opened = false;
    },
  };
}

function answer({ files }: Omit<FakeHost, 'connect'>, read: HostRead): unknown {
  if (read.read === 'file') {
    const content = files.get(read.path);
    return content === undefined ? null : { content, mode: 0o644, owner: 'root', group: 'root' };
  }
  const [program, path = ''] = read.argv;
  if (program !== 'cat') return { exit: 127, stdout: '', stderr: `${program}: not found` };
  const content = files.get(path);
  return content === undefined
    ? { exit: 1, stdout: '', stderr: `${path}: no such file` }
    : { exit: 0, stdout: content, stderr: '' };
}

function obey({ files }: Omit<FakeHost, 'connect'>, action: HostAction): void {
  if (action.do === 'write') files.set(action.path, String(action.content));
  else if (action.do === 'remove') files.delete(action.path);
  else {
    const [program, from = '', to = ''] = action.argv;
    if (program !== 'cp') throw new ClawError('action-failed', `${program} exited 127`);
    if (files.get(from) === undefined) throw new ClawError('action-failed', `cp: ${from} is not there`);
    files.set(to, files.get(from) ?? '');
  }
}

function describe(action: HostAction): string {
  return action.do === 'run' ? action.argv.join(' ') : `${action.do} ${action.path}`;
}

function commandOf(wanted: HostRead | HostAction): string | undefined {
  if (wanted.sudo !== true && !('as' in wanted && wanted.as !== undefined)) return undefined;
  if ('argv' in wanted) return `/bin/${wanted.argv.join(' ')}`;
  return `/bin/edit ${wanted.path}`;
}

function lost(name: string): ClawError {
  return new ClawError('unreachable', `the connection to ${name} was lost`, { retryable: true });
}
