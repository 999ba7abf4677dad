import type { Stats } from 'node:fs';
import { lstat, readlink, realpath } from 'node:fs/promises';
import { dirname, join, parse, resolve, sep } from 'node:path';
import { ClawError } from '@claw-run/core';

/** What is wrong with a place that only its user should be able to change. */
export interface TrustFault {
  readonly why: string;
  /** The command that puts it right; empty where it belongs to somebody else. */
  readonly fix: string;
}

export interface TrustOptions {
  /** Whose files count as our own besides root's; the effective user where absent. */
  readonly owners?: readonly number[];
  /** What to do where it, or a folder above it, belongs to somebody else. */
  readonly instead?: string;
  /** Looks at the file alone and not at the folders above it: for what is authenticated by other means. */
  readonly alone?: boolean;
}

const mostLinks = 40;

/**
 * Whether anybody but this user and root could change what lies at a path: the file or folder itself and each folder and symbolic link on the way.
 * A folder that others can write counts where it is sticky, as `/tmp` is, and where it is a volume of root's in a folder that they cannot enter, as pods have
 * them: a kubelet makes volumes writable for all. A group of its owner's own number is a private group. What does not exist yet cannot be wrong. Access
 * control lists are not looked at.
 */
export async function trustFault(path: string, options: TrustOptions = {}): Promise<TrustFault | undefined> {
  const me = process.geteuid?.();
  if (me === undefined) return undefined;
  const trusted = new Set([0, ...(options.owners ?? [me])]);
  return options.alone === true
    ? faultOf(await realpath(path).catch(() => path), trusted)
    : walk(resolve(path), trusted, mostLinks);
}

/** @throws ClawError `untrusted`, naming `what` */
export async function assertTrusted(path: string, what: string, options: TrustOptions = {}): Promise<void> {
  const fault = await trustFault(path, options);
  if (fault === undefined) return;
  const { instead = 'put it where it belongs to you, and so do the folders above it' } = options;
  throw untrusted(what, { why: fault.why, fix: fault.fix === '' ? instead : fault.fix });
}

/** The error for a place that others can change. */
export function untrusted(what: string, { why, fix }: TrustFault): ClawError {
  return new ClawError('untrusted', `${what} is not used: ${why}`, { hint: fix });
}

async function walk(
  path: string,
  trusted: ReadonlySet<number>,
  links: number,
): Promise<TrustFault | undefined> {
  const { root } = parse(path);
  let at = root;
  let above: Stats | undefined;
  let closed = false;
  for (const part of ['', ...path.slice(root.length).split(sep)]) {
    if (part === '' && at !== root) continue;
    at = join(at, part);
    const info = await lstat(at).catch(() => undefined);
    if (info === undefined) return undefined;
    const fault = closed && isVolume(info, above) ? undefined : faultIn(at, info, trusted);
    if (fault !== undefined) return fault;
    closed ||= info.isDirectory() && !othersEnter(info);
    above = info;
    if (info.isSymbolicLink()) {
      if (links === 0) return { why: `${at} leads in a circle`, fix: `rm ${at}` };
      const target = resolve(dirname(at), await readlink(at));
      const behind = await walk(target, trusted, links - 1);
      if (behind !== undefined) return behind;
      at = target;
    }
  }
  return undefined;
}

async function faultOf(path: string, trusted: ReadonlySet<number>): Promise<TrustFault | undefined> {
  const info = await lstat(path).catch(() => undefined);
  return info === undefined ? undefined : faultIn(path, info, trusted);
}

/** Whether anybody but a folder's owner and root can get to what is in it. */
function othersEnter({ uid, gid, mode }: Stats): boolean {
  return (mode & 0o001) !== 0 || ((mode & 0o010) !== 0 && gid !== uid);
}

/** Whether a folder is one of root's that is mounted there: nobody else could have put it in this place. */
function isVolume(info: Stats, above: Stats | undefined): boolean {
  return info.isDirectory() && info.uid === 0 && above?.dev !== info.dev;
}

function faultIn(path: string, info: Stats, trusted: ReadonlySet<number>): TrustFault | undefined {
  const { uid, gid, mode } = info;
  if (!trusted.has(uid)) return { why: `${path} belongs to user ${uid}`, fix: '' };
  if (info.isSymbolicLink() || (info.isDirectory() && (mode & 0o1000) !== 0)) return undefined;
  const byOthers = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== uid);
  if (!byOthers) return undefined;
  const octal = (mode & 0o7777).toString(8);
  return { why: `others can write ${path} (mode ${octal})`, fix: `chmod go-w ${path}` };
}
