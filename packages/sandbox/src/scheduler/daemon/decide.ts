import type { Queue, SchedulerConfig } from './config.ts';
import type { Account, Group } from './nss.ts';
import type { Caller, TokenFault } from './tokens.ts';

/** A client process as it names itself. Absent parts: it did not say. */
export interface Client {
  readonly uid?: number;
  readonly gids?: readonly number[];
  /** It runs on the scheduler's own host. */
  readonly local: boolean;
}

export interface Denial {
  readonly reason: TokenFault | 'uid-mismatch' | 'group' | 'session' | 'owner' | 'queue';
  readonly message: string;
}

export interface Request {
  readonly config: SchedulerConfig;
  readonly caller: Caller | TokenFault;
  readonly client: Client;
  /** The caller's account as the scheduler has it. */
  readonly account: Account | undefined;
  /** The groups of `authorized_groups` that exist. */
  readonly authorized: readonly Group[];
}

/** Whether a caller may talk to the scheduler at all; undefined: yes. The first that is wrong is the answer. */
export function denialOf({ config, caller, client, account, authorized }: Request): Denial | undefined {
  if (typeof caller === 'string') return { reason: caller, message: tokenMessage(caller) };
  if (caller.kind === 'admin') return undefined;
  const { user } = caller;
  const { uid, gids } = client;
  if (config.checkClient && uid !== undefined && uid !== account?.uid) {
    const known =
      account === undefined ? `user '${user}' is not known` : `user '${user}' has uid ${account.uid}`;
    return { reason: 'uid-mismatch', message: `Client runs as uid ${uid}, ${known}` };
  }
  if (!groupsOf(caller, account, config).some((name) => config.authorizedGroups.includes(name)))
    return { reason: 'group', message: `User ${user} not authorized` };
  const looksAtSession = config.checkClient && config.mode !== 'jwt' && client.local && gids !== undefined;
  if (looksAtSession && !authorized.some(({ gid }) => gids.includes(gid)))
    return { reason: 'session', message: `Session of ${user} lacks its groups` };
  return undefined;
}

/** Whether a caller, let in already, may see or cancel a job of `owner`. */
export function ownerDenialOf(
  owner: string,
  { config, caller, account }: Pick<Request, 'config' | 'caller' | 'account'>,
): Denial | undefined {
  if (typeof caller === 'string') return { reason: caller, message: tokenMessage(caller) };
  if (caller.kind === 'admin' || caller.user === owner) return undefined;
  const isAdmin = groupsOf(caller, account, config).some((name) => config.adminGroups.includes(name));
  return isAdmin ? undefined : { reason: 'owner', message: `User ${caller.user} not authorized` };
}

/** Whether a caller, let in already, may use a queue. */
export function mayUse(
  queue: Queue,
  { config, caller, account }: Pick<Request, 'config' | 'caller' | 'account'>,
): boolean {
  if (queue.groups === undefined) return true;
  if (typeof caller === 'string') return false;
  return (
    caller.kind === 'admin' || groupsOf(caller, account, config).some((name) => queue.groups?.includes(name))
  );
}

/** The groups that count: those of the token in mode jwt, those of the name service otherwise. */
function groupsOf(
  caller: Extract<Caller, { kind: 'user' }>,
  account: Account | undefined,
  { mode }: SchedulerConfig,
): readonly string[] {
  return mode === 'jwt' ? caller.groups : (account?.groups ?? []).map(({ name }) => name);
}

function tokenMessage(fault: TokenFault): string {
  return fault === 'token-missing' ? 'Token missing' : 'Token invalid/expired';
}
