import { randomBytes } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** The process that a journal belongs to: it alone goes on with the run. */
export interface JournalOwner {
  readonly host: string;
  readonly pid: number;
  /** RFC 3339, UTC. */
  readonly since: string;
  /** Another one each time that a journal is taken. */
  readonly token: string;
  /** The boot of a kernel and the process namespace in which `pid` counts. */
  readonly place: string;
  /** When the process began, in ticks of that kernel: a later process may have the same id. Empty where it cannot be had. */
  readonly started: string;
}

/** This process, as the owner of a journal. */
export async function thisProcess(): Promise<JournalOwner> {
  const [place, started] = await Promise.all([placeOfProcesses(), startOf(process.pid)]);
  return {
    host: hostname(),
    pid: process.pid,
    since: new Date().toISOString(),
    token: randomBytes(12).toString('hex'),
    place,
    started: started ?? '',
  };
}

/** Whether the process of an owner has ended; `undefined` where that cannot be seen from here: on another machine, or in another container. */
export async function hasEnded(owner: JournalOwner): Promise<boolean | undefined> {
  if (owner.place !== (await placeOfProcesses())) return undefined;
  if (!exists(owner.pid)) return true;
  const started = await startOf(owner.pid);
  return started !== undefined && owner.started !== '' && started !== owner.started;
}

/** An owner from what was kept of it; nothing where it is not one. */
export function ownerOf(text: string): JournalOwner | undefined {
  try {
    const value = JSON.parse(text) as Partial<JournalOwner> | null;
    const { host, pid, since, token, place, started } = value ?? {};
    const texts = [host, since, token, place, started];
    if (!Number.isSafeInteger(pid) || texts.some((each) => typeof each !== 'string')) return undefined;
    return value as JournalOwner;
  } catch {
    return undefined;
  }
}

async function placeOfProcesses(): Promise<string> {
  const [boot, namespace] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => hostname()),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return `${boot.trim()} ${namespace}`.trim();
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The 22nd field of `/proc/PID/stat`, counted behind the name, which may hold anything. A process that is only waited for has ended. */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? 'ended' : fields?.[19];
}
