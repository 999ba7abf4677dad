import { decodeJwt } from 'jose';
import { Failure } from './failure.ts';
import { type Call, callScheduler, hostAndPort, type Reply } from './http.ts';
import type { Identity } from './identity.ts';
import { logFailure, readCa, type Settings } from './settings.ts';

/** What a call of `clw` works with. */
export interface Session {
  readonly settings: Settings;
  readonly identity: Identity;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  /** `--server`. */
  readonly given: string | undefined;
}

/** What a token says of itself; nothing here is verified. */
export interface TokenText {
  readonly user?: string;
  readonly expiresAt?: Date;
}

/** Where the scheduler is: `--server`, `CLW_SERVER`, the user's file, the site's file. @throws Failure */
export function serverOf({ settings, env, given }: Session): URL {
  const text = given ?? (env.CLW_SERVER || settings.user.server || settings.site.server);
  if (text === undefined)
    throw new Failure('clw-config-invalid', 'no server is known: give --server URL, or log in with it');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new Failure('clw-config-invalid', `${text} is not a URL such as https://claw-head-01:8080`);
  return url;
}

/** One request without a token. */
export async function callOpen(session: Session, call: Call): Promise<Reply> {
  const { settings, env } = session;
  const ca = settings.user.ca ?? settings.site.ca;
  const server = serverOf(session);
  const text = ca === undefined || server.protocol === 'http:' ? undefined : await readCa(ca);
  return callScheduler(call, { server, ca: text, headers: identityHeaders(session), env });
}

/** One request with the token as it is kept, however old. What is not 2xx goes to `~/.claw/clw.log`. */
export async function callSigned(session: Session, call: Call): Promise<Reply> {
  const { settings, env, now } = session;
  const { token } = settings.user;
  const server = serverOf(session);
  const ca = settings.user.ca ?? settings.site.ca;
  const text = ca === undefined || server.protocol === 'http:' ? undefined : await readCa(ca);
  const headers = {
    ...identityHeaders(session),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  const reply = await callScheduler(call, { server, ca: text, headers, env });
  if (reply.status >= 400)
    await logFailure(settings.folder, now(), `HTTP ${reply.status} from scheduler: ${reply.text}`);
  return reply;
}

/** The object of a good answer. @throws Failure with the text that goes with the refusal */
export function goodBody(session: Session, call: Call, reply: Reply): Readonly<Record<string, unknown>> {
  const { status, body } = reply;
  const server = hostAndPort(serverOf(session));
  if (body === undefined || (status < 400 && 'error' in body))
    throw new Failure(
      'scheduler-unavailable',
      `${server} answers HTTP ${status}, but not as the scheduler does`,
    );
  if (status < 300) return body;
  if (status === 403) throw denied(session, call, body);
  throw new Failure(String(body.error ?? 'scheduler-unavailable'), String(body.message ?? `HTTP ${status}`));
}

/** What the kept token says of itself; empty where there is none, or it is none. */
export function readTokenText(token: string | undefined): TokenText {
  try {
    const { user, exp } = decodeJwt(token ?? '');
    return {
      ...(typeof user === 'string' && { user }),
      ...(exp !== undefined && { expiresAt: new Date(exp * 1000) }),
    };
  } catch {
    return {};
  }
}

function denied(
  session: Session,
  { path, method }: Call,
  { reason }: Readonly<Record<string, unknown>>,
): Failure {
  if (typeof reason === 'string' && reason.startsWith('token-'))
    return new Failure('clw-scheduler-denied', 'Token invalid/expired');
  const { settings, identity } = session;
  const user = readTokenText(settings.user.token).user ?? settings.user.username ?? identity.user;
  const [endpoint] = path.split('?');
  if (method === 'POST' && endpoint?.endsWith('/submit')) {
    return new Failure(
      'clw-scheduler-denied',
      `Access denied to scheduler endpoint ${endpoint}. User '${user}' lacks required permissions. ` +
        `Verify group membership in 'claw-users' or admin token. Error code: 403 Forbidden ` +
        `Scheduler: ${hostAndPort(serverOf(session))}`,
    );
  }
  return new Failure(
    'clw-scheduler-denied',
    `Scheduler query denied for user '${user}'. Insufficient privileges for ${endpoint}. Contact cluster admin.`,
  );
}

function identityHeaders({ identity }: Session): Readonly<Record<string, string>> {
  return { 'x-claw-uid': String(identity.uid), 'x-claw-gids': identity.gids.join(',') };
}
