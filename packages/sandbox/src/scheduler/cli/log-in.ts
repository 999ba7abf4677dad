import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { callOpen, goodBody, type Session, serverOf } from './client.ts';
import type { ClwStreams } from './clw.ts';
import type { Invocation, Told } from './commands.ts';
import { Failure } from './failure.ts';
import type { Call } from './http.ts';
import { readCredentials, writeUserConfig } from './settings.ts';

/** `clw login`: a new token, kept in `~/.claw/config.yaml`. */
export async function logIn(
  session: Session,
  { username, passwordStdin, streams }: Invocation,
): Promise<Told> {
  const { settings, identity } = session;
  const { origin } = serverOf(session);
  const name = username ?? settings.user.username ?? identity.user;
  const password = await passwordOf(session, name, { passwordStdin, streams });
  const call: Call = { method: 'POST', path: '/api/v1/login', body: { username: name, password } };
  const reply = await callOpen(session, call);
  if (reply.status === 401) throw new Failure('clw-auth-failed', `Login of '${name}' was rejected`);
  const { token, expiresAt } = goodBody(session, call, reply);
  if (typeof token !== 'string' || typeof expiresAt !== 'string')
    throw new Failure('scheduler-unavailable', `${origin} answers a login without a token`);
  const ca = settings.user.ca ?? settings.site.ca;
  await writeUserConfig(settings.folder, {
    server: origin,
    username: name,
    token,
    expires_at: expiresAt,
    ...(ca !== undefined && { ca }),
  });
  return { text: `Logged in as ${name}\n`, json: { username: name, server: origin, expiresAt } };
}

async function passwordOf(
  { settings }: Session,
  name: string,
  { passwordStdin, streams }: Pick<Invocation, 'passwordStdin' | 'streams'>,
): Promise<string> {
  if (passwordStdin) return firstLine(streams.stdin);
  if (streams.stdin.isTTY) return ask(streams, `Password of ${name}: `);
  const kept = await readCredentials(settings.folder);
  if (kept !== undefined) return kept;
  throw new Failure(
    'clw-auth-failed',
    `No password for '${name}': there is no terminal to ask on; give --password-stdin or write ~/.claw/credentials`,
  );
}

async function firstLine(stdin: NodeJS.ReadStream): Promise<string> {
  let text = '';
  for await (const chunk of stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > 4096) break;
  }
  return text.split(/\r?\n/, 1)[0] ?? '';
}

/** Asks without showing what is typed. */
async function ask({ stdin, stderr }: ClwStreams, question: string): Promise<string> {
  stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const line = createInterface({ input: stdin, output: silent, terminal: true });
  try {
    return await line.question('');
  } finally {
    line.close();
    stderr.write('\n');
  }
}
