/** Who acts, for the question who else may change where a path leads. */
export interface Actor {
  /** `0` for root. */
  readonly uid: string;
  /** Whom sudo lets be root without limit is trusted as root is. */
  readonly trusted: string;
}

/** What can be done about a path that does not lead through folders of root and of who acts alone. */
export type Finding =
  /** Groups that have no member but who acts: with them known, the path can be trusted. */
  | { readonly is: 'ours'; readonly gids: readonly string[] }
  /** One user alone can change where it leads: what is done as that user follows nobody else's path. */
  | { readonly is: 'owned'; readonly user: string; readonly because: string }
  | { readonly is: 'shared'; readonly because: string; readonly hint: string };

/** Where the one path leads that `fo` told of, without the links that can be trusted. */
export function placeOf(text: string): string {
  const [looks = ''] = text.split('==\n');
  return entriesOf(looks, '').at(-1)?.path ?? '/';
}

interface Entry {
  readonly mode: number;
  readonly uid: string;
  readonly gid: string;
  readonly links: number;
  readonly user: string;
  readonly group: string;
  readonly path: string;
  /** Has an access list; `undefined` where that could not be seen. */
  readonly list: boolean | undefined;
}

/** Judges what the shell function `fo` printed of one or several paths. Nothing where that is not whole: something changed meanwhile. */
export function whoMayChange(text: string, actor: Actor): Finding | undefined {
  const looks = text.split('====\n').filter((look) => look.trim() !== '');
  const found: Found = { writers: new Map(), gids: new Set() };
  for (const look of looks) {
    const finding = addLook(look, actor, found);
    if (finding !== undefined) return finding;
  }
  const [first, second] = [...found.writers];
  if (second !== undefined && first !== undefined)
    return shared(`${first[1]}, and ${second[1]}`, 'give all of it to one user, or to root');
  if (first === undefined) return found.gids.size === 0 ? undefined : { is: 'ours', gids: [...found.gids] };
  const [user, because] = first;
  return user === 'UNKNOWN'
    ? shared(`${because}: its number has no name`, 'give it to a user that there is')
    : { is: 'owned', user, because };
}

/** Users who can change where the paths lead, with the reason; and groups of who acts alone. */
interface Found {
  readonly writers: Map<string, string>;
  readonly gids: Set<string>;
}

const types = { folder: 4, link: 10 } as const;
const everybodyWrites = 0o002;
const groupWrites = 0o020;
const sticky = 0o1000;

/** What one way adds, folder by folder; a finding where several can change it. */
function addLook(look: string, actor: Actor, { writers, gids }: Found): Finding | undefined {
  const [looks = '', lists = '', groups = ''] = look.split('==\n');
  const entries = entriesOf(looks, lists);
  const owners = ownersOf(groups);
  const isTrusted = (uid: string) => uid === '0' || uid === actor.uid || uid === actor.trusted;
  const note = (uid: string, user: string, because: string) => {
    if (!isTrusted(uid) && !writers.has(user)) writers.set(user, because);
  };
  let open = false;
  for (const { mode, uid, gid, links, user, group, path, list } of entries) {
    const isFolder = mode >> 12 === types.folder;
    if (isFolder || open || mode >> 12 === types.link) note(uid, user, `${path} belongs to ${user}`);
    if (open && !isFolder && links !== 1)
      return shared(
        `${path} has more than one name, in a folder that others may write to`,
        'copy it, and put the copy in its place',
      );
    if (!isFolder) continue;
    open = (mode & (everybodyWrites | groupWrites)) !== 0 && (mode & sticky) !== 0;
    if (open) continue;
    if ((mode & everybodyWrites) !== 0)
      return shared(`everybody may write to ${path}`, `take that away: chmod o-w ${path}`);
    if ((mode & groupWrites) === 0) continue;
    if (list !== false)
      return shared(
        `others may write to ${path} by its access list`,
        `look at it (getfacl ${path}), and take that away`,
      );
    const owner = owners.get(gid);
    if (owner === undefined)
      return shared(`the group ${group} may write to ${path}`, `take that away: chmod g-w ${path}`);
    if (isTrusted(owner.uid)) gids.add(gid);
    else note(owner.uid, owner.user, `the group of ${owner.user} may write to ${path}`);
  }
  const last = entries.at(-1);
  return open && last !== undefined && writers.size === 0
    ? shared(
        `there is nothing yet in ${last.path}, where others may make it`,
        'name a file in a folder that only root may write to',
      )
    : undefined;
}

function shared(because: string, hint: string): Finding {
  return { is: 'shared', because, hint };
}

/** A line ends where a slash comes before its end: names may have line ends of their own. */
function entriesOf(looks: string, lists: string): readonly Entry[] {
  const marks = lists.split('\n').flatMap((line) => /^[a-z-][rwxsStT-]{9}(.?) /.exec(line)?.slice(1) ?? []);
  const found = [
    ...looks.matchAll(/^([0-9a-f]+)\/(\d+)\/(\d+)\/(\d+)\/([^/\n]*)\/([^/\n]*)\/(\/[\s\S]*?)\/$/gm),
  ];
  return found.map(
    ([, mode = '', uid = '', gid = '', links = '', user = '', group = '', path = ''], index) => ({
      mode: Number.parseInt(mode, 16),
      uid,
      gid,
      links: Number(links),
      user,
      group,
      path: path === '/' ? '/' : path,
      list: marks.length === found.length ? marks[index] === '+' : undefined,
    }),
  );
}

/** Groups that have one member: the user of the same name whose primary group it is, and nobody beside. */
function ownersOf(text: string): ReadonlyMap<string, { readonly uid: string; readonly user: string }> {
  const lines = text.split('\n').filter(Boolean);
  const users = lines.filter((line) => !line.startsWith('group ')).map((line) => line.split(':'));
  return new Map(
    lines.flatMap((line) => {
      if (!line.startsWith('group ')) return [];
      const [name = '', , gid = '', members = ''] = line.slice('group '.length).split(':');
      const own = users.filter(([, , , primary]) => primary === gid);
      const named = own.find(([user]) => user === name);
      const others = [...members.split(',').filter(Boolean), ...own.map(([user = '']) => user)];
      if (named === undefined || others.some((user) => user !== name)) return [];
      return [[gid, { uid: named[2] ?? '', user: name }] as const];
    }),
  );
}
