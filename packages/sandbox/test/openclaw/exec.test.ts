import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type ApiServer, type Sandbox, startApiServer, startSandbox } from '../../src/index.ts';
import { createClient, type KubeClient } from '../../src/openclaw/client.ts';
import { type ClusterAccess, readKubeconfig } from '../../src/openclaw/kubeconfig.ts';
import { resources } from '../../src/openclaw/resources.ts';
import type { Pod } from '../../src/openclaw/workloads.ts';

/** What came of an attempt to run a command: how it ended, or what the server answered instead. */
type Outcome =
  | { readonly stdout: string; readonly stderr: string; readonly status: Record<string, unknown> }
  | { readonly code: number; readonly text: string };

let folder: string;
let server: ApiServer;
let sandbox: Sandbox;
let ways: ClusterAccess;
let client: KubeClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-run-exec-'));
  server = await startApiServer();
  sandbox = await sandboxIn({ execFor: server.caPem });
  ways = await readKubeconfig(sandbox.kubeconfig);
  client = createClient(ways);
  await makePod('tool');
});

afterAll(async () => {
  client.close();
  await sandbox.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function sandboxIn(options: { execFor?: string }): Promise<Sandbox> {
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, server.kubeconfig, { mode: 0o600 });
  return startSandbox({
    scenarios: ['healthy'],
    openclaw: ['true'],
    controllers: 'own',
    kubeconfig,
    ...options,
  });
}

async function makePod(name: string): Promise<void> {
  const containers = [{ name: 'main', image: 'busybox', env: [{ name: 'GREETING', value: 'hello' }] }];
  await client.create(resources.pods, { metadata: { namespace: 'default', name }, spec: { containers } });
  await running(name);
}

const running = (name: string) =>
  vi.waitFor(async () => {
    const pod = await client.get<Pod>(resources.pods, 'default', name);
    expect(pod?.status?.phase).toBe('Running');
  }, 60_000);

function run(
  command: readonly string[],
  {
    pod = 'tool',
    token = ways.token,
    query = '',
  }: { pod?: string; token?: string | undefined; query?: string } = {},
): Promise<Outcome> {
  const words = command.map((word) => `&command=${encodeURIComponent(word)}`).join('');
  const url = `${server.url}/api/v1/namespaces/default/pods/${pod}/exec?stdout=true&stderr=true${words}${query}`;
  return outcomeOf(url, { ca: server.caPem, headers: { authorization: `Bearer ${token}` } });
}

function outcomeOf(url: string, options: WebSocket.ClientOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace(/^https/, 'wss'), ['v5.channel.k8s.io'], options);
    const channels = ['', '', '', ''];
    socket.on('message', (data: Buffer) => {
      channels[data[0] ?? 0] += data.toString('utf8', 1);
    });
    socket.on('close', () => {
      const [, stdout = '', stderr = '', status = ''] = channels;
      resolve({ stdout, stderr, status: status === '' ? {} : JSON.parse(status) });
    });
    socket.on('error', reject);
    socket.on('unexpected-response', async (_request, answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve({ code: answer.statusCode ?? 0, text });
    });
  });
}

test('a command runs in a folder of its container, with the environment of the pod and no other', async () => {
  vi.stubEnv('SECRET_OF_THIS_MACHINE', 'x');
  const outcome = await run(['sh', '-c', 'env; pwd; echo $HOME']);
  vi.unstubAllEnvs();
  const { stdout } = outcome as { stdout: string };
  const lines = stdout.trim().split('\n');
  expect(lines).toEqual(expect.arrayContaining(['GREETING=hello', 'HOSTNAME=tool']));
  expect(stdout).not.toContain('SECRET_OF_THIS_MACHINE');
  expect(lines.at(-1)).toMatch(/claw-run-containers-/);
  expect(lines.at(-2)).toBe(lines.at(-1));
});

test('how it ended is told by a Status', async () => {
  expect(await run(['true'])).toMatchObject({ status: { status: 'Success' } });
  expect(await run(['sh', '-c', 'echo no >&2; exit 3'])).toEqual({
    stdout: '',
    stderr: 'no\n',
    status: {
      metadata: {},
      status: 'Failure',
      message: 'command terminated with non-zero exit code: exit status 3',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    },
  });
  expect(await run(['sh', '-c', 'kill -9 $$'])).toMatchObject({
    status: { details: { causes: [{ reason: 'ExitCode', message: '137' }] } },
  });
  expect(await run(['no-such-program'])).toMatchObject({
    status: {
      code: 500,
      message: expect.stringContaining('exec: "no-such-program": executable file not found in $PATH'),
    },
  });
});

test('what cannot be done is refused before the connection is upgraded', async () => {
  expect(await run(['true'], { pod: 'gone' })).toMatchObject({
    code: 404,
    text: expect.stringContaining('pods \\"gone\\" not found'),
  });
  expect(await run(['true'], { query: '&container=side' })).toMatchObject({
    code: 400,
    text: expect.stringContaining('container side is not valid for pod tool'),
  });
  expect(await run(['sh'], { query: '&tty=true' })).toMatchObject({
    code: 400,
    text: expect.stringContaining('no terminals'),
  });
  expect(await run([])).toMatchObject({ code: 400, text: expect.stringContaining('no command') });
});

test('who may only read may not run commands: it takes the right to get and to create', async () => {
  const name = 'reader';
  const token = /token: (\S+)/.exec(server.kubeconfigFor({ name }))?.[1];
  expect(await run(['true'], { token })).toMatchObject({ code: 403 });
  await grant(name, ['get']);
  expect(await run(['true'], { token })).toMatchObject({
    code: 403,
    text: expect.stringContaining('cannot create resource \\"pods/exec\\"'),
  });
  await grant('reader-too', ['get', 'create']);
  const other = /token: (\S+)/.exec(server.kubeconfigFor({ name: 'reader-too' }))?.[1];
  expect(await run(['true'], { token: other })).toMatchObject({ status: { status: 'Success' } });
});

async function grant(name: string, verbs: readonly string[]): Promise<void> {
  const metadata = { namespace: 'default', name };
  const group = 'rbac.authorization.k8s.io';
  const rules = [{ apiGroups: [''], resources: ['pods/exec'], verbs }];
  await client.create(resources.roles, { metadata, rules });
  const roleRef = { apiGroup: group, kind: 'Role', name };
  const subjects = [{ apiGroup: group, kind: 'User', name }];
  await client.create(resources.roleBindings, { metadata, roleRef, subjects });
}

test('the node takes commands from its API server alone', async () => {
  const node = await client.get<Pod>(resources.nodes, undefined, 'openclaw-node');
  const port = /"Port":(\d+)/.exec(JSON.stringify(node))?.[1];
  const url = `https://127.0.0.1:${port}/exec/default/tool/main?output=1&command=true`;
  expect(await outcomeOf(url, { rejectUnauthorized: false })).toEqual({ code: 401, text: 'Unauthorized' });
});

test('commands end with their pod, and its folder goes', async () => {
  await makePod('short-lived');
  const { stdout } = (await run(['pwd'], { pod: 'short-lived' })) as { stdout: string };
  const lasting = run(['sh', '-c', 'touch begun; sleep 300'], { pod: 'short-lived' });
  await vi.waitFor(() => access(join(stdout.trim(), 'begun')), 60_000);
  await client.remove(resources.pods, { metadata: { namespace: 'default', name: 'short-lived' } });
  expect(await lasting).toMatchObject({ status: { reason: 'NonZeroExitCode' } });
  await vi.waitFor(() => expect(access(stdout.trim())).rejects.toThrow('ENOENT'), 60_000);
});

test('on a cluster that was there before, no commands are run unless that is asked for', async () => {
  await sandbox.close();
  sandbox = await sandboxIn({});
  await running('tool');
  expect(await run(['true'])).toMatchObject({
    code: 403,
    text: expect.stringContaining('this node runs no commands'),
  });
});
