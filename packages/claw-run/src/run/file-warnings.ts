import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** What others could do with files that decide where a run goes, or as whom. Files that do not exist say nothing. */
export function fileWarnings(
  files: readonly string[],
  secrets: readonly string[] = [],
  self = currentUser(),
): readonly string[] {
  if (self === undefined) return [];
  const writable = [...new Set([...files, ...secrets])].flatMap((file) => {
    const why = writableByOthers(file, self);
    return why === undefined ? [] : [`${why}: who does so decides what this run does by ${file}`];
  });
  const readable = [...new Set(secrets)].flatMap((file) =>
    isReadableByOthers(file, self) ? [`others can read the secret in ${file}; run chmod 600 ${file}`] : [],
  );
  return [...writable, ...readable];
}

interface Self {
  readonly uid: number;
  readonly gid: number;
  /** Who called sudo, where root runs for somebody. */
  readonly caller: number | undefined;
}

function currentUser(): Self | undefined {
  const uid = process.getuid?.();
  const gid = process.getgid?.();
  const { SUDO_UID } = process.env;
  const caller = SUDO_UID !== undefined && /^\d+$/.test(SUDO_UID) ? Number(SUDO_UID) : undefined;
  return uid === undefined || gid === undefined ? undefined : { uid, gid, caller };
}

/** Of the file, of a link to it, and of the folders that they are in: the first that somebody else can change. */
function writableByOthers(file: string, self: Self): string | undefined {
  const path = resolve(file);
  const real = realOf(path);
  if (real === undefined) return undefined;
  for (const one of new Set([...chainOf(real), ...chainOf(path)])) {
    const why = ownedByOthers(one, self);
    if (why !== undefined) return why;
  }
  return undefined;
}

function ownedByOthers(path: string, { uid, gid, caller }: Self): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  // the mode of a link says nothing
  if (stat === undefined || stat.isSymbolicLink()) return undefined;
  if (![0, uid, caller].includes(stat.uid))
    return `${path} belongs to the user ${stat.uid}, who can write it`;
  const sticky = stat.isDirectory() && (stat.mode & 0o1000) !== 0;
  if (sticky) return undefined;
  if ((stat.mode & 0o002) !== 0) return `everybody can write ${path}`;
  // a group of one's own, as distributions make one for each user
  const own = stat.gid === 0 || (stat.gid === gid && gid === uid);
  return (stat.mode & 0o020) !== 0 && !own ? `the group ${stat.gid} can write ${path}` : undefined;
}

function isReadableByOthers(file: string, { uid, gid }: Self): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) return false;
  const own = stat.gid === 0 || (stat.gid === gid && gid === uid);
  return (stat.mode & (own ? 0o004 : 0o044)) !== 0;
}

function chainOf(path: string): readonly string[] {
  const up = dirname(path);
  return up === path ? [path] : [path, ...chainOf(up)];
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
