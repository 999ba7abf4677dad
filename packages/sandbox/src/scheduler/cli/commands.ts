import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { parseJobFile } from '../job-file.ts';
import { callOpen, callSigned, goodBody, readTokenText, type Session, serverOf } from './client.ts';
import type { ClwStreams } from './clw.ts';
import { Failure } from './failure.ts';
import type { Call } from './http.ts';
import { logIn } from './log-in.ts';
import { removeUserConfig } from './settings.ts';

export interface Invocation {
  readonly operands: readonly string[];
  readonly username: string | undefined;
  readonly passwordStdin: boolean;
  readonly wait: boolean;
  readonly streams: ClwStreams;
}

/** What a command says, for people and for programs. */
export interface Told {
  readonly text: string;
  readonly json: unknown;
  /** Said, and yet the command has failed. */
  readonly failed?: Failure;
}

interface Command {
  readonly operands: { readonly least: number; readonly most: number; readonly what: string };
  readonly flags: readonly ('username' | 'password-stdin' | 'wait')[];
  readonly run: (session: Session, invocation: Invocation) => Promise<Told>;
}

type Json = Readonly<Record<string, unknown>>;

const none = { least: 0, most: 0, what: '' };
const oneFile = { least: 1, most: 1, what: 'one FILE' };
const JOBS = '/api/v1/jobs';

export const commands: { readonly [name: string]: Command } = {
  login: { operands: none, flags: ['username', 'password-stdin'], run: logIn },
  logout: {
    operands: none,
    flags: [],
    async run({ settings }) {
      await removeUserConfig(settings.folder);
      return { text: 'Logged out\n', json: {} };
    },
  },
  token: {
    operands: none,
    flags: [],
    async run({ settings, now }, { streams }) {
      const { token } = settings.user;
      if (token === undefined) throw new Failure('clw-auth-failed', 'Not logged in');
      const { expiresAt } = readTokenText(token);
      const expired = expiresAt !== undefined && expiresAt <= now();
      // on standard error, so that "$(clw token)" is the token alone
      if (expired) streams.stderr.write('(expired)\n');
      return { text: `${token}\n`, json: { token, expiresAt: expiresAt?.toISOString() ?? null, expired } };
    },
  },
  whoami: { operands: none, flags: [], run: whoAmI },
  submit: { operands: oneFile, flags: ['wait'], run: submit },
  validate: {
    operands: oneFile,
    flags: [],
    async run(_session, { operands }) {
      const [file = ''] = operands;
      return { text: `${file}: valid\n`, json: { file, job: await readJobFile(file) } };
    },
  },
  status: {
    operands: { least: 0, most: 1, what: 'at most one ID' },
    flags: [],
    async run(session, { operands: [id] }) {
      if (id === undefined) {
        const jobs = await listJobs(session);
        const active = jobs.filter(({ status }) => status === 'PENDING' || status === 'RUNNING');
        return { text: active.map(statusLine).join('') || 'No jobs running.\n', json: { jobs: active } };
      }
      const job = await signed(session, {
        method: 'GET',
        path: `${JOBS}/status?id=${encodeURIComponent(id)}`,
      });
      return { text: statusLine(job), json: job };
    },
  },
  cancel: {
    operands: { least: 1, most: 1, what: 'one ID' },
    flags: [],
    async run(session, { operands: [id = ''] }) {
      const job = await signed(session, {
        method: 'POST',
        path: `${JOBS}/cancel?id=${encodeURIComponent(id)}`,
      });
      const text = job.status === 'CANCELLED' ? `Job cancelled: ${job.id}\n` : statusLine(job);
      return { text, json: job };
    },
  },
  list: {
    operands: none,
    flags: [],
    async run(session) {
      const jobs = await listJobs(session);
      const text = jobs.map(({ id, status, user }) => `${id}  ${status}  ${user}\n`).join('');
      return { text: text || 'No jobs.\n', json: { jobs } };
    },
  },
  queues: {
    operands: none,
    flags: [],
    async run(session) {
      const json = await signed(session, { method: 'GET', path: '/api/v1/queues' });
      const queues = Array.isArray(json.queues) ? (json.queues as readonly Json[]) : [];
      return {
        text: queues.map(({ name, used, slots }) => `${name}  ${used}/${slots} slots used\n`).join(''),
        json,
      };
    },
  },
  health: {
    operands: none,
    flags: [],
    async run(session) {
      const call: Call = { method: 'GET', path: '/health' };
      const json = goodBody(session, call, await callOpen(session, call));
      return { text: `${JSON.stringify(json)}\n`, json };
    },
  },
  groups: {
    operands: { least: 0, most: 1, what: 'at most one USER' },
    flags: [],
    async run(session, { operands: [user] }) {
      const query = user === undefined ? '' : `?user=${encodeURIComponent(user)}`;
      const json = await signed(session, { method: 'GET', path: `/api/v1/groups${query}` });
      const names = Array.isArray(json.groups) ? json.groups : [];
      return { text: `${json.user} : ${names.join(' ')}\n`, json };
    },
  },
};

async function signed(session: Session, call: Call): Promise<Json> {
  return goodBody(session, call, await callSigned(session, call));
}

async function listJobs(session: Session): Promise<readonly Json[]> {
  const { jobs } = await signed(session, { method: 'GET', path: JOBS });
  return Array.isArray(jobs) ? (jobs as readonly Json[]) : [];
}

async function submit(session: Session, { operands: [file = ''], wait }: Invocation): Promise<Told> {
  const { name, command, cpu, mem, queue } = await readJobFile(file);
  const job = { name, command, resources: { cpu, mem }, queue };
  const made = await signed(session, { method: 'POST', path: `${JOBS}/submit`, body: { job } });
  const text = `Job submitted: ${made.id}\n`;
  if (!wait) return { text, json: { id: made.id, status: made.status } };
  const path = `${JOBS}/status?id=${encodeURIComponent(String(made.id))}`;
  for (let delay = 50; ; delay = Math.min(delay * 2, 1000)) {
    const { id, status, exit, ...rest } = await signed(session, { method: 'GET', path });
    if (status === 'PENDING' || status === 'RUNNING') {
      await pause(delay);
      continue;
    }
    const told = { text: text + statusLine({ id, status, exit, ...rest }), json: { id, status } };
    if (status === 'COMPLETED') return told;
    return {
      ...told,
      failed: new Failure('clw-job-failed', `Job ${id} ended as ${status} (exit ${exit ?? 'none'})`),
    };
  }
}

async function whoAmI(session: Session): Promise<Told> {
  const { identity, settings, now } = session;
  const token = readTokenText(settings.user.token);
  const call: Call = { method: 'GET', path: '/api/v1/whoami' };
  let scheduler: Json | null = null;
  let error: string | null = null;
  let server: string | null = null;
  try {
    server = serverOf(session).origin;
    scheduler = goodBody(session, call, await callSigned(session, call));
  } catch (caught) {
    if (!(caught instanceof Failure)) throw caught;
    error = caught.message;
  }
  const { user, uid, gids } = identity;
  const expired = token.expiresAt === undefined ? null : token.expiresAt <= now();
  const expiresAt = token.expiresAt?.toISOString() ?? null;
  const tokenUser = token.user ?? null;
  const names = Array.isArray(scheduler?.groups) ? scheduler.groups : [];
  const text = [
    `User: ${user} (uid ${uid}, gids ${gids.join(',')})`,
    `Token: ${tokenUser === null ? 'none' : `${tokenUser}, ${expired ? 'expired' : 'expires'} ${expiresAt}`}`,
    `Server: ${server ?? 'not known'}`,
    `Scheduler: ${scheduler === null ? error : `${scheduler.user} in ${names.join(' ') || 'no group'}`}`,
  ];
  const json = { user, uid, gids, server, tokenUser, expiresAt, expired, scheduler, error };
  return { text: `${text.join('\n')}\n`, json };
}

async function readJobFile(file: string) {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure('clw-job-invalid', `${file} cannot be read: ${code}`, { cause: error });
  }
  const result = parseJobFile(text);
  if ('job' in result) return result.job;
  throw new Failure('clw-job-invalid', `${file}:${result.line}:${result.column}: ${result.message}`);
}

function statusLine({ id, status, user }: Json): string {
  return `ID: ${id}  Status: ${status}  User: ${user}\n`;
}
