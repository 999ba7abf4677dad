import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Ended, eventsOf, launcher, makePlace, type Place, startProcess } from './support/claw-run.ts';

// Whatever a run waits for: the time that it is allowed ends it, and its process.

/** A port of loopback that takes every connection. */
async function listen(on: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    on(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

/** A byte from time to time, so that it never looks idle. */
function drip(socket: Socket, begin: string, bytes: string): void {
  socket.write(begin);
  const timer = setInterval(() => socket.write(bytes), 100);
  socket.on('close', () => clearInterval(timer));
}

async function withRunbook(kind: 'cluster' | 'host'): Promise<Place> {
  const place = await makePlace();
  const step =
    kind === 'cluster'
      ? 'uses: kubernetes.service-account, with: { namespace: a, name: b }'
      : `uses: linux.file, with: { path: ${join(place.folder, 'made')}, content: x }`;
  await writeFile(
    join(place.folder, 'hung.yaml'),
    `runbook: hung\nversion: 1\ntitle: Hangs\ntargets: { it: { kind: ${kind} } }\nsteps:\n  - { id: a, ${step} }\n`,
  );
  return place;
}

async function kubeconfig({ folder }: Place, server: string): Promise<readonly string[]> {
  const name = 'hung';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: {} }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  await writeFile(join(folder, 'kubeconfig'), JSON.stringify(config), { mode: 0o600 });
  return ['--kubeconfig', 'kubeconfig'];
}

const allowed = ['hung.yaml', '--yes', '--output', 'json', '--timeout', '1s'];

function expectTimedOut({ exit, stdout, stderr }: Ended): void {
  expect({ exit, stderr }).toEqual({ exit: 9, stderr: expect.not.stringContaining('Error') });
  expect(eventsOf(stdout).at(-1)).toMatchObject({
    status: 'timed-out',
    problems: [{ code: 'timeout', message: 'the run timed out after 1s (--timeout)' }],
  });
}

const chunked = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';

test.each<[string, 'http' | 'https', (socket: Socket) => void]>([
  ['says nothing to a TLS handshake', 'https', () => {}],
  ['drips a TLS handshake', 'https', (socket) => drip(socket, '', '\x16')],
  ['drips its headers', 'http', (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nX-A: ', 'a')],
  ['drips its answer', 'http', (socket) => drip(socket, chunked, '1\r\n \r\n')],
])('an API server that %s', async (_, scheme, on) => {
  const place = await withRunbook('cluster');
  const flags = await kubeconfig(place, `${scheme}://127.0.0.1:${await listen(on)}`);
  expectTimedOut(await place.run([...allowed, ...flags]));
});

test.each<[string, (socket: Socket) => void]>([
  ['says nothing', () => {}],
  ['drips its banner', (socket) => drip(socket, 'SSH-2.0-', 'a')],
  ['says no more than its banner', (socket) => socket.write('SSH-2.0-OpenSSH_9.2p1\r\n')],
])('an SSH server that %s, by either client', async (_, on) => {
  const place = await withRunbook('host');
  const port = await listen(on);
  await writeFile(join(place.folder, 'known_hosts'), '');
  for (const scheme of ['ssh', 'openssh']) {
    const target = ['--target', `it=${scheme}://root@127.0.0.1:${port}`, '--known-hosts', 'known_hosts'];
    expectTimedOut(await place.run([...allowed, ...target]));
  }
});

const why = whyNoNetwork();

test.skipIf(why !== undefined)(
  `a name server that does not answer${why === undefined ? '' : ` (skipped: ${why})`}`,
  async () => {
    const places = { host: await withRunbook('host'), cluster: await withRunbook('cluster') };
    const flags = await kubeconfig(places.cluster, 'https://api.hung.example:6443');
    const hosts = ['--target', 'it=ssh://root@head.hung.example'];
    for (const [{ folder, env }, more] of [
      [places.cluster, flags],
      [places.host, hosts],
    ] as const) {
      // longer than the test may take
      await writeFile(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:30 attempts:5\n');
      const silent =
        "require('dgram').createSocket('udp4').bind(53, '127.0.0.1', () => console.log('bound'))";
      const script = `ip link set lo up && mount --bind resolv.conf '${realpathSync('/etc/resolv.conf')}' || exit 99
'${process.execPath}' -e "${silent}" >bound & server=$!
until [ -s bound ]; do sleep 0.05; done
'${process.execPath}' '${launcher}' "$@"; exit=$?
kill $server; exit $exit`;
      const words = ['unshare', '-n', '-m', 'sh', '-c', script, 'sh', ...allowed, ...more];
      expectTimedOut(await startProcess(words, { cwd: folder, env }).ended);
    }
  },
);

/** Why there can be no network of one's own here, or nothing. */
function whyNoNetwork(): string | undefined {
  if (process.getuid?.() !== 0) return 'a network of its own needs root';
  const { status } = spawnSync('unshare', ['-n', '-m', 'ip', 'link', 'set', 'lo', 'up']);
  return status === 0 ? undefined : 'unshare and ip are needed, and allowed';
}
