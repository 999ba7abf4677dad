import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createClient, type KubeClient } from '../../src/openclaw/client.ts';
import type { Job, Worker } from '../../src/openclaw/context.ts';
import type { Controllers } from '../../src/openclaw/deployments.ts';
import { readKubeconfig } from '../../src/openclaw/kubeconfig.ts';
import { type KubeObject, resources } from '../../src/openclaw/resources.ts';
import type { Scenario } from '../../src/openclaw/scenarios.ts';
import { requestToken } from '../../src/openclaw/token.ts';
import { type Deployment, isActive, isReady, type Pod } from '../../src/openclaw/workloads.ts';
import { workerRights } from '../../src/openclaw/world-worker-side.ts';
import { type Sandbox, startSandbox } from '../../src/up.ts';

/** An API server to run the stand-in against. */
export interface ServerUnderTest {
  readonly kubeconfig: string;
  readonly controllers?: Controllers;
  close(): Promise<void>;
}

const NAMESPACE = 'production';
const cli = fileURLToPath(new URL('./cli-main.ts', import.meta.url));
const mismatch = "Worker identity does not match allowed patterns for namespace 'production'";
const badToken = 'Authentication token is not accepted';
const missingRole = "Pod service account 'default' does not have required cluster role 'openclaw-worker'";
const badPattern =
  "invalid identity pattern '^worker-([a-z0-9]{8}-[a-z0-9': error parsing regexp: missing closing ]: `[a-z0-9`";
const wrongNamespace = "Worker namespace 'staging' is not accepted (pod runs in 'production')";
const unknownAuthority = 'x509: certificate signed by unknown authority';

/** What every worker is told in a scenario; where several are given, the first violation of the contract's order. */
const denials: readonly (readonly [readonly Scenario[], string])[] = [
  [['rbac'], missingRole],
  [['identity'], mismatch],
  [['invalid-regex'], badPattern],
  [['namespace'], wrongNamespace],
  [['token-expired'], badToken],
  [['ca-rotated'], unknownAuthority],
  [['policy-changed'], mismatch],
  [['rbac', 'token-expired', 'namespace'], wrongNamespace],
  [['rbac', 'ca-rotated', 'duplicate-identity'], unknownAuthority],
  [['identity', 'policy-changed', 'token-expired'], mismatch],
];

/** The stand-in's end-to-end checks, the same for every API server. */
export function describeScenarios(start: () => Promise<ServerUnderTest>): void {
  let server: ServerUnderTest;
  let client: KubeClient;
  let sandbox: Sandbox | undefined;
  const problems: unknown[] = [];

  beforeAll(async () => {
    server = await start();
    client = createClient(await readKubeconfig(server.kubeconfig));
  });
  afterEach(async () => {
    await sandbox?.close();
    sandbox = undefined;
    expect(problems.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    client?.close();
    await server?.close();
  });

  const up = async (...scenarios: Scenario[]) => {
    sandbox = await startSandbox({
      scenarios,
      kubeconfig: server.kubeconfig,
      openclaw: [process.execPath, cli],
      backOff: { firstMs: 150, mostMs: 1000 },
      signal: AbortSignal.timeout(60_000),
      onError: (error) => problems.push(error),
      ...(server.controllers && { controllers: server.controllers }),
    });
    await sandbox.settled();
    return sandbox;
  };
  const within = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 50 });
  const list = async <T extends KubeObject>(resource: (typeof resources)[keyof typeof resources]) =>
    (await client.list<T>(resource, NAMESPACE)).items;
  const workers = () => list<Worker>(resources.workers);
  const pods = async () => (await list<Pod>(resources.pods)).filter(isActive);
  const deployment = async () =>
    (await client.get<Deployment>(resources.deployments, NAMESPACE, 'openclaw-worker')) as Deployment;
  const job = (name: string) => client.get<Job>(resources.jobs, NAMESPACE, name);
  const inWorkers = (name: string) => ({ metadata: { namespace: NAMESPACE, name } });
  const change = (name: string, spec: object) =>
    client.patch(resources.deployments, inWorkers(name), { spec });
  const setEnv = async (env: Readonly<Record<string, string>>) => {
    const [container] = (await deployment()).spec.template.spec.containers;
    const kept = (container?.env ?? []).filter(({ name }) => !(name in env));
    const added = Object.entries(env).map(([name, value]) => ({ name, value }));
    const containers = [{ ...container, env: [...kept, ...added] }];
    await change('openclaw-worker', { template: { spec: { containers } } });
  };
  const allReady = (count: number) =>
    within(async () => {
      const { status, metadata } = await deployment();
      const { observedGeneration, replicas, updatedReplicas, readyReplicas } = status ?? {};
      expect({ observedGeneration, replicas, updatedReplicas, readyReplicas }).toEqual({
        observedGeneration: metadata.generation,
        replicas: count,
        updatedReplicas: count,
        readyReplicas: count,
      });
      expect((await workers()).map(({ status: seen }) => seen?.state)).toEqual(Array(count).fill('READY'));
    });

  describe('symptoms', () => {
    test('healthy: three READY workers, and the waiting job is done', async () => {
      await up('healthy');
      await allReady(3);
      await within(async () => expect((await job('nightly-report'))?.status?.state).toBe('COMPLETED'));
      const [pod] = await pods();
      const log = await client.readLog(pod!);
      expect(log).toMatch(
        /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d] INFO Connecting to cluster at https:\/\/cluster.openclaw.io$/m,
      );
      expect(log).toMatch(/INFO Successfully registered with cluster\n.* INFO Worker status: READY\n/);
    });

    test.each(denials)('%j: %s', async (scenarios, reason) => {
      await up(...scenarios);
      await within(async () => {
        const seen = (await workers()).map(({ status }) => [status?.state, status?.reason]);
        expect(seen).toEqual(Array(3).fill(['REJECTED', reason]));
      });
      await within(async () => {
        const states = (await pods()).flatMap(({ status }) => status?.containerStatuses ?? []);
        expect(states).toHaveLength(3);
        for (const { ready, state, lastState } of states) {
          expect(ready).toBe(false);
          expect(state?.waiting?.reason).toBe('CrashLoopBackOff');
          expect(lastState?.terminated?.exitCode).toBe(1);
        }
        expect(Math.min(...states.map(({ restartCount }) => restartCount))).toBeGreaterThan(0);
      });
      const [pod] = await pods();
      const log = await client.readLog(pod!);
      expect(log).toContain(
        'ERROR clw-worker-denied: Worker registration rejected by cluster security policy\n',
      );
      expect(log).toContain(`ERROR Reason: ${reason}\n`);
      const [controller] = (await client.list<Pod>(resources.pods, 'openclaw-system')).items.filter(isActive);
      expect(await client.readLog(controller!)).toContain(`: ${reason}`);
      expect((await job('nightly-report'))?.status?.state).toBe('PENDING');
    });

    test('duplicate-identity: one worker is let in, the others are told why not', async () => {
      await up('duplicate-identity');
      await within(async () => {
        const seen = (await workers()).map(({ spec, status }) => [
          spec.identity,
          status?.state,
          status?.reason,
        ]);
        const identity = 'worker-aaaaaaaa-0001';
        const denied = [identity, 'REJECTED', 'identity already registered'];
        expect(seen.toSorted()).toEqual([[identity, 'READY', undefined], denied, denied].toSorted());
      });
    });
  });

  describe('mending', () => {
    test('rbac: account, role, binding and a token of the account bring the workers back', async () => {
      await up('rbac');
      for (const object of workerRights(NAMESPACE)) {
        const kinds = [resources.serviceAccounts, resources.clusterRoles, resources.clusterRoleBindings];
        await client.create(kinds.find(({ kind }) => kind === object.kind)!, object);
      }
      const token = await requestToken(client, NAMESPACE, 'openclaw-worker-sa');
      await client.patch(resources.secrets, inWorkers('openclaw-worker-token'), { stringData: { token } });
      await change('openclaw-worker', { template: { spec: { serviceAccountName: 'openclaw-worker-sa' } } });
      await allReady(3);
      await within(async () => expect((await job('nightly-report'))?.status?.state).toBe('COMPLETED'));
    });

    test('ca-rotated: new certificates and reloading bring the workers back', async () => {
      await up('ca-rotated');
      const ca = await client.get<KubeObject & { data: object }>(
        resources.configMaps,
        'openclaw-system',
        'openclaw-ca',
      );
      const tls = await client.get<KubeObject & { data: object }>(
        resources.secrets,
        'openclaw-system',
        'openclaw-worker-tls',
      );
      await client.patch(resources.configMaps, inWorkers('openclaw-worker-ca'), { data: ca?.data });
      await client.patch(resources.secrets, inWorkers('openclaw-worker-tls'), { data: tls?.data });
      await setEnv({ OPENCLAW_TLS_RELOAD: 'true' });
      await allReady(3);
    });

    test('invalid-regex: a pattern that compiles brings the workers back', async () => {
      await up('invalid-regex');
      await setEnv({ WORKER_IDENTITY_PATTERN: '^worker-[a-z0-9]{8}-[a-z0-9]{4}$' });
      await allReady(3);
    });
  });

  describe('a healthy world', () => {
    test('keeps its pods when a new revision is broken', async () => {
      await up('healthy');
      await allReady(3);
      await setEnv({ WORKER_IDENTITY_PATTERN: '[' });
      await within(async () => {
        const found = await pods();
        expect(found.filter(isReady)).toHaveLength(3);
        const failing = found
          .filter((pod) => !isReady(pod))
          .flatMap((pod) => pod.status?.containerStatuses ?? []);
        expect(failing.map(({ restartCount }) => restartCount > 0)).toEqual([true]);
        expect((await deployment()).status).toMatchObject({ updatedReplicas: 1, availableReplicas: 3 });
      });
      await setEnv({ WORKER_IDENTITY_PATTERN: '^worker-' });
      await allReady(3);
    });

    test('replaces deleted pods, with their Workers, and scales', async () => {
      await up('healthy');
      await allReady(3);
      const before = await pods();
      for (const pod of before) await client.remove(resources.pods, pod);
      await within(async () => {
        const names = (await pods()).filter(isReady).map(({ metadata }) => metadata.name);
        expect(names).toHaveLength(3);
        for (const { metadata } of before) expect(names).not.toContain(metadata.name);
      });
      await allReady(3);
      await change('openclaw-worker', { replicas: 5 });
      await allReady(5);
      await change('openclaw-worker', { replicas: 1 });
      await allReady(1);
    });

    test('turns READY workers away when the policy changes under them, and takes them back', async () => {
      await up('healthy');
      await allReady(3);
      const policy = { metadata: { namespace: 'openclaw-system', name: 'openclaw-security-policy' } };
      const { data } = (await client.get(
        resources.configMaps,
        'openclaw-system',
        policy.metadata.name,
      )) as unknown as {
        data: Record<string, string>;
      };
      const stricter = data['policy.yaml']!.replace('{8}', '{12}');
      await client.patch(resources.configMaps, policy, { data: { 'policy.yaml': stricter } });
      await within(async () => {
        expect((await workers()).map(({ status }) => status?.state)).toEqual(Array(3).fill('REJECTED'));
        expect((await pods()).filter(isReady)).toEqual([]);
      });
      await client.patch(resources.configMaps, policy, { data });
      await allReady(3);
    });

    test('runs pods that are not OpenClaw’s', async () => {
      await up('healthy');
      const pod = { ...inWorkers('bystander'), spec: { containers: [{ name: 'main', image: 'busybox' }] } };
      await client.remove(resources.pods, pod, { gracePeriodSeconds: 0 });
      await client.create(resources.pods, pod);
      await within(async () => {
        const found = await client.get<Pod>(resources.pods, NAMESPACE, 'bystander');
        expect(found?.status?.phase).toBe('Running');
        expect(isReady(found!)).toBe(true);
      });
      await client.remove(resources.pods, pod);
      await within(async () =>
        expect(await client.get(resources.pods, NAMESPACE, 'bystander')).toBeUndefined(),
      );
    });

    test('gives a submitted job to a worker, as the openclaw command shows', async () => {
      const { bin } = await up('healthy');
      const submitted = {
        ...inWorkers('test-job-verification'),
        spec: { task: { image: 'busybox' }, replicas: 2 },
      };
      await client.remove(resources.jobs, submitted);
      await client.create(resources.jobs, submitted);
      const openclaw = async (...argv: string[]) =>
        JSON.parse((await promisify(execFile)(`${bin}/openclaw`, [...argv, '--format', 'json'])).stdout);
      await within(async () => {
        expect(await openclaw('job', 'get', 'test-job-verification', '-n', NAMESPACE)).toEqual({
          name: 'test-job-verification',
          namespace: NAMESPACE,
          status: 'COMPLETED',
          completedAt: expect.stringMatching(/^\d{4}-/),
        });
      });
      const { workers: listed } = await openclaw('worker', 'list', '--all-namespaces');
      expect(listed.map(({ status }: { status: string }) => status)).toEqual(['READY', 'READY', 'READY']);
      await client.remove(resources.jobs, submitted);
    });
  });
}
