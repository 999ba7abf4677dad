import type { IncomingMessage } from 'node:http';
import { readJob } from '../job-file.ts';
import type { AccountCache } from './account-cache.ts';
import type { SchedulerConfig } from './config.ts';
import { type Client, type Denial, denialOf, mayUse, ownerDenialOf } from './decide.ts';
import { isHostPassword } from './host-password.ts';
import { type Answer, RequestError, readJson } from './http.ts';
import type { JobRunner } from './job-runner.ts';
import { isUnderWay, type Job, type JobStore } from './job-store.ts';
import { type Account, lookUpGroups } from './nss.ts';
import { isPassword } from './passwords.ts';
import { type Caller, readCaller, signToken } from './tokens.ts';

/** What the routes work on. */
export interface Context {
  readonly config: SchedulerConfig;
  readonly startedAt: Date;
  readonly version: string;
  readonly secrets: Secrets;
  readonly accounts: AccountCache;
  readonly store: JobStore;
  readonly runner: JobRunner;
  readonly now: () => Date;
}

export interface Secrets {
  readonly key: Uint8Array;
  readonly adminToken: string;
  /** Password hashes by user. */
  readonly users: Readonly<Record<string, string>>;
}

/** A denial, and of whom. */
export class DeniedError extends RequestError {
  readonly user: string;

  constructor({ message, reason }: Denial, user: string) {
    super(403, 'clw-scheduler-denied', message);
    Object.assign(this.answer.body as object, { reason });
    this.user = user;
  }
}

interface Call {
  readonly context: Context;
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly caller: Caller | Extract<Awaited<ReturnType<typeof readCaller>>, string>;
}

type Route = (call: Call) => Answer | Promise<Answer>;

const ok = (body: unknown): Answer => ({ status: 200, body });

/** By method and path. */
const routes: { readonly [methodAndPath: string]: Route } = {
  'GET /health': () => ok({ status: 'healthy' }),
  'POST /api/v1/login': logIn,
  'GET /api/v1/info': async (call) => {
    await letIn(call);
    const { config, startedAt, version } = call.context;
    const started = startedAt.toISOString();
    const { host, mode, authorizedGroups } = config;
    // the configuration is read at start only
    return ok({ host, version, startedAt: started, configLoadedAt: started, mode, authorizedGroups });
  },
  'GET /api/v1/whoami': async (call) => {
    const caller = tokenOf(call);
    if (caller.kind === 'admin') return ok({ user: 'root', uid: 0, groups: [], expiresAt: null });
    const account = await call.context.accounts.get(caller.user);
    const { mode } = call.context.config;
    const groups = mode === 'jwt' ? caller.groups : namesOf(account);
    return ok({
      user: caller.user,
      uid: account?.uid ?? null,
      groups,
      expiresAt: caller.expiresAt.toISOString(),
    });
  },
  'GET /api/v1/groups': showGroups,
  'POST /api/v1/jobs/submit': submit,
  'GET /api/v1/jobs/status': async (call) => ok(shown((await ownJob(call)).job)),
  'GET /api/v1/jobs': async (call) => {
    const { account } = await letIn(call);
    const { config, store } = call.context;
    const seen = store
      .list()
      .filter(({ user }) => !ownerDenialOf(user, { config, caller: call.caller, account }));
    return ok({ jobs: seen.map(shown) });
  },
  'POST /api/v1/jobs/cancel': async (call) => {
    const { job } = await ownJob(call);
    return ok(shown(call.context.runner.cancel(job.id) ?? job));
  },
  'GET /api/v1/queues': async (call) => {
    const { account } = await letIn(call);
    const { config, store } = call.context;
    const queues = config.queues.map((queue) => ({
      name: queue.name,
      slots: queue.slots,
      used: slotsUsed(store, queue.name),
      allowed: mayUse(queue, { config, caller: call.caller, account }),
      holders: holdersOf(store, queue.name),
    }));
    return ok({ queues });
  },
};

/** Answers one request. @throws RequestError for what is not to be done */
export async function answer(context: Context, request: IncomingMessage): Promise<Answer> {
  const { path, query } = locate(request);
  const route = routes[`${request.method} ${path}`];
  if (route === undefined) {
    const known = Object.keys(routes).some((each) => each.endsWith(` ${path}`));
    if (known) throw new RequestError(405, 'clw-bad-request', `${path} does not take ${request.method}`);
    throw new RequestError(404, 'clw-not-found', `There is no ${path}`);
  }
  const { key, adminToken } = context.secrets;
  const caller = await readCaller(request.headers.authorization, { key, adminToken, now: context.now() });
  return route({ context, request, query, caller });
}

/** The path of a request as the log names it: `/submit`, `/status`, `/list`, `/info`. */
export function endpointOf(request: IncomingMessage): string {
  const { path } = locate(request);
  return path === '/api/v1/jobs' ? '/list' : path.replace(/^\/api\/v1(\/jobs)?(?=\/)/, '');
}

function locate(request: IncomingMessage): { path: string; query: URLSearchParams } {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  return { path, query: new URLSearchParams(query) };
}

async function logIn({ context, request }: Call): Promise<Answer> {
  const { username, password } = await readJson(request);
  if (typeof username !== 'string' || typeof password !== 'string')
    throw new RequestError(400, 'clw-bad-request', 'username and password are texts');
  const { users, key } = context.secrets;
  const hash = Object.hasOwn(users, username) ? users[username] : undefined;
  const account = await context.accounts.get(username);
  const isOnHost = context.config.login === 'host';
  const fits =
    isOnHost && account === undefined
      ? false
      : ((isOnHost ? await isHostPassword(username, password) : undefined) ??
        (await isPassword(password, hash)));
  if (!fits) throw new RequestError(401, 'clw-auth-failed', `Login of '${username}' was rejected`);
  const issuedAt = context.now();
  const expiresAt = new Date(issuedAt.getTime() + context.config.tokenLifetimeSeconds * 1000);
  const token = await signToken(key, { user: username, groups: namesOf(account), issuedAt, expiresAt });
  return ok({ token, expiresAt: expiresAt.toISOString().replace(/\.\d+Z$/, 'Z') });
}

async function showGroups(call: Call): Promise<Answer> {
  const caller = tokenOf(call);
  const user = call.query.get('user') ?? (caller.kind === 'admin' ? '' : caller.user);
  const denial = caller.kind === 'user' && caller.user !== user;
  if (denial)
    throw new DeniedError({ reason: 'owner', message: `User ${caller.user} not authorized` }, caller.user);
  const { accounts, config } = call.context;
  const kept = accounts.peek(user);
  const account = kept === undefined ? await accounts.get(user) : kept.account;
  if (account === undefined) throw new RequestError(404, 'clw-not-found', `There is no user '${user}'`);
  return ok({
    user,
    groups: namesOf(account),
    cachedAt: kept === undefined ? null : new Date(kept.at).toISOString(),
    ttlSeconds: config.groupCacheSeconds,
  });
}

async function submit(call: Call): Promise<Answer> {
  const { account } = await letIn(call);
  const { config, store, runner } = call.context;
  const result = readJob((await readJson(call.request)).job);
  if ('fault' in result) throw new RequestError(422, 'clw-job-invalid', result.fault.message);
  const { job } = result;
  const queue = config.queues.find(({ name }) => name === job.queue);
  if (queue === undefined) throw new RequestError(422, 'clw-job-invalid', `There is no queue '${job.queue}'`);
  if (!mayUse(queue, { config, caller: call.caller, account })) {
    const message = `User ${userOf(call)} not authorized for queue '${queue.name}'`;
    throw new DeniedError({ reason: 'queue', message }, userOf(call));
  }
  if (slotsUsed(store, queue.name) + job.cpu > queue.slots)
    throw new RequestError(429, 'clw-queue-full', `No slot in queue '${queue.name}'`);
  const made = runner.submit(job, userOf(call), account);
  return { status: 201, body: { id: made.id, status: made.status } };
}

/** The account of a caller who may talk to the scheduler. @throws DeniedError */
async function letIn({ context, request, caller }: Call): Promise<{ account: Account | undefined }> {
  const { config, accounts } = context;
  const isUser = typeof caller !== 'string' && caller.kind === 'user';
  const client = clientOf(request);
  const [account, authorized] = await Promise.all([
    isUser ? accounts.get(caller.user) : undefined,
    isUser && client.gids !== undefined && client.local ? lookUpGroups(config.authorizedGroups) : [],
  ]);
  const denial = denialOf({ config, caller, client, account, authorized });
  if (denial !== undefined) throw new DeniedError(denial, isUser ? caller.user : 'unknown');
  return { account };
}

async function ownJob(call: Call): Promise<{ job: Job }> {
  const { account } = await letIn(call);
  const { config, store } = call.context;
  const id = call.query.get('id') ?? '';
  const job = store.get(id);
  if (job === undefined) throw new RequestError(404, 'clw-not-found', `There is no job '${id}'`);
  const denial = ownerDenialOf(job.user, { config, caller: call.caller, account });
  if (denial !== undefined) throw new DeniedError(denial, userOf(call));
  return { job };
}

function tokenOf({ caller }: Call): Caller {
  if (typeof caller !== 'string') return caller;
  const message = caller === 'token-missing' ? 'Token missing' : 'Token invalid/expired';
  throw new DeniedError({ reason: caller, message }, 'unknown');
}

function userOf({ caller }: Call): string {
  if (typeof caller === 'string') return 'unknown';
  return caller.kind === 'admin' ? 'root' : caller.user;
}

function clientOf(request: IncomingMessage): Client {
  const { 'x-claw-uid': uid, 'x-claw-gids': gids } = request.headers;
  const { remoteAddress = '', localAddress } = request.socket;
  const numbers = String(gids ?? '')
    .split(',')
    .filter((each) => /^\d{1,10}$/.test(each));
  return {
    ...(typeof uid === 'string' && /^\d{1,10}$/.test(uid) && { uid: Number(uid) }),
    ...(gids !== undefined && { gids: numbers.map(Number) }),
    local: remoteAddress === localAddress || /^(::ffff:)?127\.|^::1$/.test(remoteAddress),
  };
}

function namesOf(account: Account | undefined): readonly string[] {
  return (account?.groups ?? []).map(({ name }) => name);
}

function slotsUsed(store: JobStore, queue: string): number {
  const used = store.list().filter((job) => job.queue === queue && isUnderWay(job));
  return used.reduce((sum, { cpu }) => sum + cpu, 0);
}

/** Who holds the slots of a queue, most first. */
function holdersOf(store: JobStore, queue: string) {
  const jobs = store.list().filter((job) => job.queue === queue && isUnderWay(job));
  const held = [...Map.groupBy(jobs, ({ user }) => user)].map(([user, own]) => ({
    user,
    slots: own.reduce((sum, { cpu }) => sum + cpu, 0),
    jobs: own.length,
  }));
  return held.toSorted((a, b) => b.slots - a.slots || a.user.localeCompare(b.user));
}

function shown({ id, name, status, user, submittedAt, endedAt, exit }: Job) {
  return { id, name, status, user, submittedAt, endedAt, exit };
}
