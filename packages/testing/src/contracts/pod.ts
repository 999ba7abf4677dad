import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterObject, Connection, JsonObject, RunResult } from '@claw-run/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../until.ts';
import { calm } from './calm.ts';
import { describeHostContract, type HostWorld } from './host.ts';
import { type Relay, startRelay } from './relay.ts';

/** A cluster with a node that runs commands in pods, and who may come. */
export interface PodSubject {
  /** The path of an administrator's kubeconfig. */
  readonly admin: () => string;
  /** The path of the kubeconfig of a user who has no rights; their name. */
  readonly nobody: () => { readonly kubeconfig: string; readonly user: string };
  readonly connectCluster: (kubeconfig: string) => Promise<Connection<'cluster'>>;
  readonly connectPod: (options: PodContractOptions) => Promise<Connection<'host'>>;
  /** The containers seen from beside: what runs in them runs there. */
  readonly world: () => Promise<HostWorld>;
}

/** A container, and how it is connected to. */
export interface PodContractOptions {
  /** The path of a kubeconfig. */
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly pod: string;
  /** Absent: the only one. */
  readonly container?: string;
  /** The shell's words; `sh` where absent. */
  readonly shell?: readonly [string, ...string[]];
  readonly keepAliveSeconds?: number;
  readonly lockFolder?: string;
  readonly idleSeconds?: number;
}

const namespace = 'default';
const key = 'run/step/0';

/** What a container must be as a host, and what people are told where it cannot be one. */
export function describePodContract(subject: PodSubject): void {
  let cluster: Connection<'cluster'>;
  let folder: string;
  const open: Connection<'host'>[] = [];
  const relays: Relay[] = [];
  const made: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claw-run-pods-'));
    cluster = await subject.connectCluster(subject.admin());
    await make('one', { containers: [container('main')] });
    await make('two', { containers: [container('web'), container('log')] });
    await make('waiting', {
      containers: [{ ...container('main'), volumeMounts: [{ name: 'settings', mountPath: '/settings' }] }],
      volumes: [{ name: 'settings', configMap: { name: 'not-there' } }],
    });
    await runs('one');
    await runs('two');
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((host) => host.close()));
    await Promise.all(relays.splice(0).map((relay) => relay.close()));
  });
  afterAll(async () => {
    for (const name of made)
      await cluster.perform({ do: 'delete', ref: { ...pod, name } }, { key, ...calm() });
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  const pod = { apiVersion: 'v1', kind: 'Pod', namespace } as const;

  async function make(name: string, spec: JsonObject): Promise<void> {
    const object: ClusterObject = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name }, spec };
    await cluster.perform({ do: 'create', object }, { key, ...calm() });
    made.push(name);
  }

  async function runs(name: string): Promise<void> {
    await until(`pod ${name} runs`, async () => {
      const found = await cluster.read({ read: 'get', ref: { ...pod, name } }, calm());
      return JSON.stringify(found).includes('"phase":"Running"');
    });
  }

  async function connect(options: Partial<PodContractOptions> = {}): Promise<Connection<'host'>> {
    const usual = { kubeconfig: subject.admin(), namespace, pod: 'one' };
    const host = await subject.connectPod({ ...usual, ...options });
    open.push(host);
    return host;
  }

  /** A way in that leads through a relay. */
  async function relayed(
    relay: Relay,
    options: Partial<PodContractOptions> = {},
  ): Promise<Connection<'host'>> {
    relays.push(relay);
    const kubeconfig = join(folder, `relayed-${relays.length}-${Date.now()}`);
    const text = await readFile(subject.admin(), 'utf8');
    const server = `server: ${relay.url}\n      insecure-skip-tls-verify: true`;
    const rest = text.replace(/certificate-authority-data: .*/, '').replace(/server: .*/, server);
    await writeFile(kubeconfig, rest, { mode: 0o600 });
    return connect({ kubeconfig, ...options });
  }

  const relay = async (options: Parameters<typeof startRelay>[1] = {}) =>
    startRelay(/server: (\S+)/.exec(await readFile(subject.admin(), 'utf8'))?.[1] ?? '', options);

  const run = (host: Connection<'host'>, ...argv: [string, ...string[]]) =>
    host.read({ read: 'run', argv }, calm()) as Promise<RunResult>;

  const lockFolders: string[] = [];
  afterAll(() => Promise.all(lockFolders.map((path) => rm(path, { recursive: true, force: true }))));
  describeHostContract(
    'a container as a host',
    (settings) => {
      lockFolders.push(settings.lockFolder);
      return subject.connectPod({ kubeconfig: subject.admin(), namespace, pod: 'one', ...settings });
    },
    subject.world,
  );

  describe('commands in a container', () => {
    it('tell output, errors and exit status apart', async () => {
      const host = await connect();
      expect(await run(host, 'sh', '-c', 'echo out; echo err >&2; exit 3')).toEqual({
        exit: 3,
        stdout: 'out\n',
        stderr: 'err\n',
      });
    });

    it('run in the container that is named', async () => {
      const [web, log] = [
        await connect({ pod: 'two', container: 'web' }),
        await connect({ pod: 'two', container: 'log' }),
      ];
      await run(web, 'touch', 'only-here');
      expect(await run(web, 'ls', 'only-here')).toMatchObject({ exit: 0 });
      expect(await run(log, 'ls', 'only-here')).toMatchObject({ exit: 2, stdout: '' });
      expect([web.name, log.name]).toEqual(['default/two/web', 'default/two/log']);
    });

    it('are given what is large, and give it back, whole', async () => {
      const host = await connect();
      const content = 'all work and no play\n'.repeat(100_000);
      const action = { do: 'run', argv: ['sh', '-c', 'cat > large'], stdin: content } as const;
      await host.perform(action, { key, ...calm() });
      expect((await run(host, 'cat', 'large')).stdout === content).toBe(true);
    });

    it('run by version 4 of the protocol too, which cannot end the input', async () => {
      const older = await relay({ protocols: ['v4.channel.k8s.io'] });
      const host = await relayed(older);
      expect(await run(host, 'sh', '-c', 'cat; exit 4')).toEqual({ exit: 4, stdout: '', stderr: '' });
      const hung = { read: 'run', argv: ['sleep', '90'], timeoutSeconds: 0.3 } as const;
      await expect(host.read(hung, calm())).rejects.toMatchObject({ code: 'timeout' });
      expect(await run(host, 'echo', 'on')).toMatchObject({ stdout: 'on\n' });
      // the second one is for ending what hung
      expect(older.spoken).toEqual(['v4.channel.k8s.io', 'v4.channel.k8s.io']);
    });

    it('share one connection', async () => {
      const counting = await relay();
      const host = await relayed(counting);
      for (let count = 0; count < 5; count += 1) await run(host, 'true');
      await Promise.all(['a', 'b', 'c'].map((word) => run(host, 'echo', word)));
      expect(counting.spoken).toEqual(['v5.channel.k8s.io']);
    });
  });

  describe('a connection', () => {
    it('that was lost is told as lost, not as a failure of the command, and the next read makes another', async () => {
      const dropping = await relay();
      const host = await relayed(dropping);
      await run(host, 'true');
      const lost = host.perform(
        { do: 'run', argv: ['sh', '-c', 'touch begun; sleep 60'] },
        { key, ...calm() },
      );
      lost.catch(() => undefined);
      const other = await connect();
      await until('the command runs', async () => (await run(other, 'ls', 'begun')).exit === 0);
      dropping.drop();
      await expect(lost).rejects.toMatchObject({ code: 'unreachable', retryable: true });
      expect(await run(host, 'echo', 'back')).toMatchObject({ exit: 0, stdout: 'back\n' });
    });

    it('that nobody answers on any more is given up', async () => {
      const silent = await relay();
      const host = await relayed(silent, { keepAliveSeconds: 0.1 });
      await run(host, 'true');
      const lost = host.perform({ do: 'run', argv: ['sleep', '60'] }, { key, ...calm() });
      silent.silence();
      await expect(lost).rejects.toMatchObject({
        code: 'unreachable',
        message: expect.stringMatching(/was silent for/),
      });
    });

    it('that is quiet for long stays, because it is asked whether it is there', async () => {
      const counting = await relay();
      const host = await relayed(counting, { keepAliveSeconds: 0.05 });
      expect(await run(host, 'sleep', '1')).toMatchObject({ exit: 0 });
      expect(counting.spoken).toHaveLength(1);
    });

    it('leaves no shell behind when it is closed', async () => {
      const host = await connect();
      const shell = (await run(host, 'sh', '-c', 'echo $PPID')).stdout.trim();
      const other = await connect();
      expect(await run(other, 'kill', '-0', shell)).toMatchObject({ exit: 0 });
      await host.close();
      await until('the shell has ended', async () => (await run(other, 'kill', '-0', shell)).exit !== 0);
    });
  });

  describe('people are told', () => {
    it('that there is no such pod', async () => {
      await expect(run(await connect({ pod: 'gone' }), 'true')).rejects.toMatchObject({
        code: 'unreachable',
        message: 'there is no pod default/gone',
        hint: 'see which there are: kubectl get pods --namespace default',
        retryable: false,
      });
    });

    it('that there is no such container, and which there are', async () => {
      await expect(run(await connect({ pod: 'two', container: 'db' }), 'true')).rejects.toMatchObject({
        code: 'unreachable',
        message: 'pod default/two has no container db',
        hint: 'it has: web, log',
        retryable: false,
      });
    });

    it('which container to choose from', async () => {
      await expect(run(await connect({ pod: 'two' }), 'true')).rejects.toMatchObject({
        code: 'unreachable',
        message: 'pod default/two has more than one container',
        hint: 'name one of them: web, log',
      });
    });

    it('why a pod is not running', async () => {
      await expect(run(await connect({ pod: 'waiting' }), 'true')).rejects.toMatchObject({
        code: 'unreachable',
        message: expect.stringMatching(/^pod default\/waiting is not running: Pending, ContainerCreating/),
        hint: 'see why: kubectl describe pod waiting --namespace default',
        retryable: true,
      });
    });

    it('that the image has no shell', async () => {
      await expect(run(await connect({ shell: ['no-such-sh'] }), 'true')).rejects.toMatchObject({
        code: 'unreachable',
        message: expect.stringMatching(/^pod default\/one: its image has no shell: .*"no-such-sh"/),
        hint: 'claw-run needs a POSIX sh there: choose another container, or add one with `kubectl debug`',
        retryable: false,
      });
    });

    it('which right is missing, and how to grant it', async () => {
      const { kubeconfig, user } = subject.nobody();
      await expect(run(await connect({ kubeconfig }), 'true')).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringMatching(
          new RegExp(
            `^cannot run a shell in pod default/one: .*User "${user}" cannot get resource "pods/exec"`,
          ),
        ),
        hint:
          'grant it:\n    kubectl create role claw-run-exec --namespace=default --verb=get,create --resource=pods/exec --resource-name=one' +
          `\n    kubectl create rolebinding claw-run-exec --namespace=default --role=claw-run-exec --user=${user}`,
      });
    });

    it('nothing of the kind once the right is granted as they were told', async () => {
      const { kubeconfig, user } = subject.nobody();
      const group = 'rbac.authorization.k8s.io';
      const metadata = { namespace, name: 'claw-run-exec' };
      const role: ClusterObject = {
        apiVersion: `${group}/v1`,
        kind: 'Role',
        metadata,
        rules: [
          { apiGroups: [''], resources: ['pods/exec'], resourceNames: ['one'], verbs: ['get', 'create'] },
        ],
      };
      const binding: ClusterObject = {
        apiVersion: `${group}/v1`,
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: group, kind: 'Role', name: 'claw-run-exec' },
        subjects: [{ apiGroup: group, kind: 'User', name: user }],
      };
      for (const object of [role, binding])
        await cluster.perform({ do: 'create', object }, { key, ...calm() });
      try {
        const host = await connect({ kubeconfig });
        await until(
          'the right has come into force',
          async () => (await run(host, 'true').catch(() => undefined))?.exit === 0,
        );
        await expect(
          run(await connect({ kubeconfig, pod: 'two', container: 'web' }), 'true'),
        ).rejects.toMatchObject({
          code: 'forbidden',
        });
      } finally {
        for (const { apiVersion, kind } of [role, binding])
          await cluster.perform({ do: 'delete', ref: { apiVersion, kind, ...metadata } }, { key, ...calm() });
      }
    });
  });
}

function container(name: string): JsonObject {
  return { name, image: 'busybox:1.37' };
}
