import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Log, openLog } from '../../src/scheduler/daemon/log.ts';
import { type Scheduler, StartError, startScheduler } from '../../src/scheduler/daemon/schedulerd.ts';
import { signToken } from '../../src/scheduler/daemon/tokens.ts';

const KEY = 'k'.repeat(40);
let folder: string;
let log: Log;
let scheduler: Scheduler;
const now = () => new Date();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-schedulerd-'));
  await writeConfig(
    'server: { listen: ["127.0.0.1:0"] }\nauth: { authorized_groups: [root, wheel], check_client: false }',
  );
  await writeFile(join(folder, 'jwt.key'), KEY);
  await writeFile(join(folder, 'admin.token'), 'the-administrator');
  await writeFile(join(folder, 'users.yaml'), '{}');
  log = openLog(join(folder, 'log'), now);
  scheduler = await start();
});
afterAll(async () => {
  await scheduler.close();
  log.close();
  await rm(folder, { recursive: true, force: true });
});

const writeConfig = (text: string) => writeFile(join(folder, 'config.yaml'), text);
const start = (spool = 'spool') =>
  startScheduler({
    config: join(folder, 'config.yaml'),
    spool: join(folder, spool),
    log,
    now,
    version: '0',
    asOneself: true,
    limits: { headersTimeout: 300, requestTimeout: 300, connectionsCheckingInterval: 50 },
  });
const lines = async () => (await readFile(join(folder, 'log'), 'utf8')).split('\n');

interface Said {
  readonly status: number;
  readonly body: unknown;
}

const send = (
  path: string,
  {
    method = 'GET',
    body,
    token = 'the-administrator',
    at = scheduler,
  }: { method?: string; body?: string; token?: string; at?: Scheduler } = {},
) =>
  new Promise<Said>((resolve, reject) => {
    const outgoing = request(
      `http://${at.addresses[0]}${path}`,
      { method, agent: false, headers: token === '' ? {} : { authorization: `Bearer ${token}` } },
      async (response) => {
        let text = '';
        for await (const chunk of response) text += String(chunk);
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
const submit = (body: string, at = scheduler) => send('/api/v1/jobs/submit', { method: 'POST', body, at });

describe('requests that are wrong', () => {
  test.each([
    ['GET', '/nowhere', undefined, 404, 'clw-not-found'],
    ['DELETE', '/health', undefined, 405, 'clw-bad-request'],
    ['POST', '/api/v1/jobs/submit', '{', 400, 'clw-bad-request'],
    ['POST', '/api/v1/jobs/submit', '[]', 400, 'clw-bad-request'],
    ['POST', '/api/v1/jobs/submit', '{"job":7}', 422, 'clw-job-invalid'],
    ['POST', '/api/v1/jobs/submit', '{"job":{"name":"../x","command":"id"}}', 422, 'clw-job-invalid'],
    [
      'POST',
      '/api/v1/jobs/submit',
      '{"job":{"name":"x","command":"id","queue":"no"}}',
      422,
      'clw-job-invalid',
    ],
    ['POST', '/api/v1/login', '{"username":7}', 400, 'clw-bad-request'],
    ['POST', '/api/v1/login', '{"username":"__proto__","password":"x"}', 401, 'clw-auth-failed'],
    ['GET', '/api/v1/jobs/status?id=../../etc/passwd', undefined, 404, 'clw-not-found'],
    ['GET', '/api/v1/groups?user=-v', undefined, 404, 'clw-not-found'],
    ['GET', '/api/v1/groups?user=0', undefined, 404, 'clw-not-found'],
  ] as const)('%s %s with %s is answered with %i', async (method, path, body, status, error) => {
    const said = await send(path, { method, ...(body !== undefined && { body }) });
    expect(said).toEqual({ status, body: { error, message: expect.any(String) } });
  });

  test('a body that does not end is cut off, and others are served meanwhile', async () => {
    const huge = JSON.stringify({ job: { name: 'x', command: 'x'.repeat(1_000_000) } });
    const said = await submit(huge).catch((error: NodeJS.ErrnoException) => error.code);
    // the answer may come before the client has sent everything
    expect([413, 'EPIPE', 'ECONNRESET']).toContain(typeof said === 'object' ? said.status : said);
    expect((await send('/health')).status).toBe(200);
  });

  test('a client that never comes to its end is let go', async () => {
    const [host = '', port = ''] = (scheduler.addresses[0] ?? '').split(':');
    const socket = connect(Number(port), host);
    socket.write('POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{');
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toContain('408');
    expect((await send('/health')).status).toBe(200);
  });

  test('whatever a token is, it is a denial and never a failure', async () => {
    const tokens = fc.oneof(
      fc.stringMatching(/^[!-~]{1,60}$/),
      fc.stringMatching(/^[\w-]{1,20}\.[\w-]{1,40}\.[\w-]{1,20}$/),
    );
    await fc.assert(
      fc.asyncProperty(tokens, async (token) => {
        const said = await send('/api/v1/jobs', { token });
        expect(said).toMatchObject({
          status: 403,
          body: { error: 'clw-scheduler-denied', reason: 'token-invalid' },
        });
      }),
      { numRuns: 50 },
    );
  });

  test('a token of another algorithm, or without an end, is none', async () => {
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"user":"root","exp":99999999999}').toString('base64url')}.`;
    expect(await send('/api/v1/jobs', { token: none })).toMatchObject({ body: { reason: 'token-invalid' } });
    expect(await send('/api/v1/jobs', { token: '' })).toMatchObject({ body: { reason: 'token-missing' } });
  });

  test('what a token says cannot forge a line of the log', async () => {
    const at = new Date();
    const expiresAt = new Date(at.getTime() + 60_000);
    const user = 'x\n[INFO] Job forged completed successfully';
    const token = await signToken(new TextEncoder().encode(KEY), {
      user,
      groups: [],
      issuedAt: at,
      expiresAt,
    });
    expect(await send('/api/v1/jobs', { token })).toMatchObject({ status: 403, body: { reason: 'group' } });
    expect((await lines()).filter((line) => line.startsWith('[INFO] Job forged'))).toEqual([]);
    expect((await lines()).at(-2)).toMatch(
      /^\[WARNING\] Unauthorized access attempt from 127\.0\.0\.1: user x\\x0a\[INFO\].*, endpoint \/list \(\d{4}-.*Z\)$/,
    );
  });
});

describe('jobs', () => {
  test('that are under way when it stops have failed, now and after a start', async () => {
    const first = await start('spool-2');
    const { body } = await submit('{"job":{"name":"long","command":"sleep 100"}}', first);
    const { id } = body as { id: string };
    await vi.waitUntil(
      async () => JSON.stringify(await send('/api/v1/jobs', { at: first })).includes('RUNNING'),
      60_000,
    );
    await first.close();
    const second = await start('spool-2');
    expect(await send(`/api/v1/jobs/status?id=${id}`, { at: second })).toMatchObject({
      body: { id, status: 'FAILED', exit: null },
    });
    const next = await submit('{"job":{"name":"long","command":"true"}}', second);
    expect((next.body as { id: string }).id).not.toBe(id);
    await vi.waitUntil(
      async () => JSON.stringify(await send('/api/v1/jobs', { at: second })).includes('COMPLETED'),
      60_000,
    );
    await second.close();
  });

  test('that were under way when it was killed have failed too, and a damaged file does not keep it from starting', async () => {
    const spool = join(folder, 'spool-3');
    await (await start('spool-3')).close();
    const job = {
      id: 'lost-7',
      name: 'lost',
      status: 'RUNNING',
      user: 'root',
      queue: 'default',
      cpu: 1,
      submittedAt: '',
      endedAt: null,
      exit: null,
    };
    await writeFile(join(spool, 'lost-7.json'), JSON.stringify(job));
    await writeFile(join(spool, 'half-8.json'), '{"id":"ha');
    const again = await start('spool-3');
    expect(await send('/api/v1/jobs', { at: again })).toMatchObject({
      body: { jobs: [{ id: 'lost-7', status: 'FAILED' }] },
    });
    const told = (await lines()).join('\n');
    expect(told).toContain('[ERROR] Job lost-7 failed: the scheduler ended while it was under way');
    expect(told).toContain(`[WARNING] ${spool}/half-8.json is not a job; it is left as it is`);
    expect((await submit('{"job":{"name":"n","command":"true"}}', again)).body).toMatchObject({ id: 'n-8' });
    await again.close();
  });
});

describe('starting', () => {
  test('says which file cannot be used, or which address is taken', async () => {
    const taken = scheduler.addresses[0];
    await writeConfig(`server: { listen: ["${taken}"] }`);
    await expect(start('spool-4')).rejects.toThrow(new StartError(`Cannot listen on ${taken}: EADDRINUSE`));
    await writeConfig('auth: { mode: open }');
    await expect(start('spool-4')).rejects.toThrow(
      new StartError(`${folder}/config.yaml: line 1: auth.mode: is not one of groups, ldap, jwt`),
    );
    await rm(join(folder, 'config.yaml'));
    await expect(start('spool-4')).rejects.toThrow(
      new StartError(`Cannot read ${folder}/config.yaml: ENOENT`),
    );
    await writeConfig('server: { tls: { cert: /nowhere.crt, key: /nowhere.key } }');
    await expect(start('spool-4')).rejects.toThrow(new StartError('Cannot read /nowhere.crt: ENOENT'));
  });
});

test('the log goes on in a new file after a rotation', async () => {
  await rename(join(folder, 'log'), join(folder, 'log.1'));
  log.write('INFO', 'before');
  log.reopen();
  log.write('INFO', 'after');
  expect((await readFile(join(folder, 'log.1'), 'utf8')).trimEnd()).toMatch(/\[INFO\] before \(\S+\)$/);
  expect(await lines()).toEqual([expect.stringMatching(/^\[INFO\] after \(\S+\)$/), '']);
});
