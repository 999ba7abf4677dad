import { ClawError } from '@claw-run/core';
import type { Owner } from './as-owner.ts';
import { type Following, lookedFor } from './follow.ts';
import type { Request } from './request.ts';
import type { Runner } from './runner.ts';
import { type Finding, placeOf, whoMayChange } from './who-may-change.ts';
import type { Result } from './wire.ts';

/** A host whose paths are followed with care. */
export interface Guarded {
  readonly runner: Runner;
  readonly name: string;
  /** Groups that were found to have no member but who acts. */
  readonly gids: Set<string>;
}

/** What is to be done where paths lead. */
export interface Guarding {
  /** Asked for as root; else whoever is logged in acts. */
  readonly sudo: boolean;
  /** What is to be done, for messages: `read /etc/app.conf`. */
  readonly what: string;
  readonly request: (following: Following) => Request;
  /** Who is logged in and is not root may look with their own rights all the same: they can be shown nothing that is not theirs to see. */
  readonly looks?: boolean;
}

/** How it came out, or whose it is to do: that user alone can change where the paths lead. */
export type Guard =
  | { readonly result: Result }
  /** Only for a look with the rights of who is logged in. */
  | { readonly place: string }
  | { readonly owner: Owner; readonly because: string; readonly refused: (said: string) => ClawError };

const looks = 3;

/**
 * Has something done where nobody else can change where its paths lead. Where one user can, the answer says whom it has to be done as.
 * @throws ClawError `forbidden` where neither will do
 */
export async function guarded(
  host: Guarded,
  { sudo, what, request, looks: mayLook = false }: Guarding,
): Promise<Guard> {
  for (let look = 0; look < looks; look += 1) {
    const asked = request({ gids: [...host.gids] });
    const result = await host.runner.ask(asked);
    const [is, trusted = ''] = result.note.split(' ');
    if (is !== 'foreign') return { result };
    const { uid, user } = await host.runner.identity(asked.signal);
    const acting = sudo ? '0' : uid;
    const text = result.stdout.toString('utf8');
    const finding = whoMayChange(text, { uid: acting, trusted });
    if (finding?.is === 'ours') for (const gid of finding.gids) host.gids.add(gid);
    else if (finding?.is === 'owned' && acting === '0')
      return {
        owner: { user: finding.user, self: finding.user === user },
        because: finding.because,
        refused: (said) => refusedAsOwner(host.name, what, finding, said),
      };
    else if (finding !== undefined && acting !== '0' && mayLook) return { place: placeOf(text) };
    else if (finding !== undefined) throw refusedPath(host.name, what, finding, acting === '0');
  }
  throw new ClawError(
    'fact-unreadable',
    `cannot ${what} on ${host.name}: what leads there changes all the time`,
    {
      retryable: true,
    },
  );
}

/** As whom something has to be done that root is asked for, as far as who is logged in can see: `root`, or who owns what leads there; nothing where it will be refused. */
export async function userFor(
  runner: Runner,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly user: string; readonly hidden: boolean } | undefined> {
  if (paths.length === 0) return { user: 'root', hidden: false };
  const script = (id: string) => lookedFor({ gids: [] }, paths, id);
  const result = await runner.ask({ what: `look at ${paths.join(' ')}`, script, seconds: 30, signal });
  if (!result.note.startsWith('foreign')) return { user: 'root', hidden: result.exit !== 0 };
  const finding = whoMayChange(result.stdout.toString('utf8'), { uid: '0', trusted: '0' });
  if (finding?.is === 'shared') return undefined;
  return { user: finding?.is === 'owned' ? finding.user : 'root', hidden: false };
}

function refusedPath(
  host: string,
  what: string,
  finding: Exclude<Finding, { is: 'ours' }>,
  isRoot: boolean,
): ClawError {
  const { because } = finding;
  const who = isRoot ? 'root' : 'this user';
  return new ClawError(
    'forbidden',
    `cannot ${what} on ${host}: ${because}, and ${who} follows no path that others can change`,
    {
      hint:
        finding.is === 'shared' ? finding.hint : `say \`sudo: true\`, so that it is done as ${finding.user}`,
    },
  );
}

function refusedAsOwner(
  host: string,
  what: string,
  { user, because }: Finding & { is: 'owned' },
  said: string,
): ClawError {
  return new ClawError('forbidden', `cannot ${what} as ${user} on ${host}: ${said}`, {
    hint: `${because}, so it is done as ${user} and not as root: let ${user} do it, or give what leads there to root`,
  });
}
