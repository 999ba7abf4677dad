import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { groupOf, guessPlural } from '@claw-run/core';
import { type Sandbox, type Scenario, startSandbox } from '@claw-run/sandbox';
import { connectCluster } from '@claw-run/transports';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { launcher, openclawProgram, root } from '../support/programs.ts';
import { type RealApiServer, startRealApiServer, whyNoApiServer } from './api-server.ts';
import { type Answer, type RawRequest, rawRequests } from './support/raw-request.ts';
import { snapshot } from './support/snapshot.ts';

const why = whyNoApiServer();
if (why !== undefined) console.warn(`skipped: manifests for a run in a real cluster. ${why}`);

const name = 'claw-run-worker-denied';
const accounts = { run: name, check: `${name}-check` } as const;

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
  readonly [key: string]: unknown;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

describe.skipIf(why !== undefined)(
  `manifests of --grants on a real API server${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    let server: RealApiServer;
    let folder: string;
    let manifests: readonly Manifest[];
    let admin: (request: RawRequest) => Promise<Answer>;
    const file = (path: string) => join(folder, path);

    beforeAll(async () => {
      server = await startRealApiServer();
      folder = await mkdtemp(join(tmpdir(), 'claw-run-in-cluster-'));
      admin = await rawRequests(server.kubeconfig);
      manifests = await install('worker-denied');
      await mkdir(file('home'), { mode: 0o700 });
      await mkdir(file('home/state'));
    });
    afterAll(async () => {
      await server?.close();
      await rm(folder, { recursive: true, force: true });
    });

    /** Makes the manifests of a runbook while nothing is wrong, so that nothing is known of what will be found, and applies them. */
    const install = async (runbook: string): Promise<readonly Manifest[]> => {
      let all: readonly Manifest[] = [];
      await practice(['healthy'], async () => {
        const made = await claw(
          [
            'plan',
            join(root, `runbooks/${runbook}.yaml`),
            '--grants',
            '--image',
            'registry.example/claw-run:1',
          ],
          { KUBECONFIG: server.kubeconfig, HOME: folder },
        );
        expect(made, made.stderr).toMatchObject({ exit: 0 });
        all = parseAllDocuments(made.stdout).map((document) => document.toJS() as Manifest);
      });
      for (const manifest of all) {
        const { status, body } = await apply(manifest);
        expect(status, `${manifest.kind}: ${JSON.stringify(body)}`).toBeLessThan(300);
      }
      for (const { kind, metadata } of all) if (kind === 'ServiceAccount') await logIn(metadata.name);
      const config = all.find(({ kind }) => kind === 'ConfigMap') as Manifest & {
        data: Record<string, string>;
      };
      await mkdir(file('runbook'), { recursive: true });
      for (const [key, text] of Object.entries(config.data)) await writeFile(file(`runbook/${key}`), text);
      return all;
    };

    /** A kubeconfig with a token of an account, as its pods have one. */
    const logIn = async (account: string) => {
      const asked = await admin({
        method: 'POST',
        path: `/api/v1/namespaces/claw-run/serviceaccounts/${account}/token`,
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
      });
      const { token } = asked.body.status as { token: string };
      const config = parse(await readFile(server.kubeconfig, 'utf8')) as { users: { user: object }[] };
      for (const each of config.users) each.user = { token };
      await writeFile(file(account), stringify(config), { mode: 0o600 });
    };

    const practice = async (scenarios: readonly Scenario[], work: (sandbox: Sandbox) => Promise<void>) => {
      const { kubeconfig } = server;
      const sandbox = await startSandbox({ scenarios, kubeconfig, openclaw: openclawProgram });
      try {
        await sandbox.settled();
        await work(sandbox);
      } finally {
        await sandbox.close();
      }
    };

    /** Server-side apply refuses fields that the API does not have. 1.20 serves CronJobs, which have not changed since, as v1beta1. */
    const apply = (manifest: Manifest) => {
      const old = manifest.kind === 'CronJob' ? { ...manifest, apiVersion: 'batch/v1beta1' } : manifest;
      return admin({
        method: 'PATCH',
        path: `${pathOf(old)}?fieldManager=test&force=true`,
        contentType: 'application/apply-patch+yaml',
        body: old,
      });
    };

    /** What the container of a pod would do, as its account: its arguments, its variables, its volumes. */
    const inPod = (kind: 'Job' | 'CronJob', sandbox: Sandbox, { all = manifests, args }: InPod = {}) => {
      const pod = podOf(all, kind);
      const here = (text: string) =>
        text.replace(/^\/runbook/, file('runbook')).replace(/^\/home\/claw-run/, file('home'));
      return claw((args ?? pod.containers[0]?.args ?? []).map(here), {
        PATH: `${sandbox.bin}:${process.env.PATH}`,
        KUBECONFIG: file(pod.serviceAccountName),
        ...Object.fromEntries((pod.containers[0]?.env ?? []).map(({ name, value }) => [name, here(value)])),
      });
    };

    interface InPod {
      readonly all?: readonly Manifest[];
      readonly args?: readonly string[];
    }

    /** Found, fixed, gone, and rolled back, all in pods. */
    const wholeWay = (scenario: Scenario, all = manifests) =>
      practice([scenario], async (sandbox) => {
        const cluster = await connectCluster({ kubeconfig: server.kubeconfig, userAgent: 'test' });
        await expect
          .poll(async () => (await inPod('CronJob', sandbox, { all })).exit, {
            message: `${scenario} is found`,
          })
          .toBe(10);
        const before = await snapshot(cluster);
        const run = await inPod('Job', sandbox, { all });
        expect(run, `${scenario}: ${run.stdout}${run.stderr}`).toMatchObject({ exit: 0 });
        expect(run.stdout).toContain('Fixed and verified');
        expect((await inPod('CronJob', sandbox, { all })).exit, `${scenario} is gone`).toBe(0);
        const undone = await inPod('Job', sandbox, { all, args: ['rollback', '--yes'] });
        expect(undone, `${scenario}: ${undone.stdout}${undone.stderr}`).toMatchObject({ exit: 0 });
        expect(await snapshot(cluster), `${scenario}: every object is its former self`).toEqual(before);
        await cluster.close();
      });

    test('hold nothing that the API does not know, and no secret', async () => {
      expect(manifests.map(called)).toMatchInlineSnapshot(`
        [
          "Namespace /claw-run",
          "ServiceAccount claw-run/claw-run-worker-denied",
          "ClusterRole /claw-run-worker-denied.claw-run",
          "ClusterRoleBinding /claw-run-worker-denied.claw-run",
          "Role default/claw-run-worker-denied",
          "RoleBinding default/claw-run-worker-denied",
          "Role openclaw-system/claw-run-worker-denied",
          "RoleBinding openclaw-system/claw-run-worker-denied",
          "Role production/claw-run-worker-denied",
          "RoleBinding production/claw-run-worker-denied",
          "ServiceAccount claw-run/claw-run-worker-denied-check",
          "ClusterRole /claw-run-worker-denied-check.claw-run",
          "ClusterRoleBinding /claw-run-worker-denied-check.claw-run",
          "Role openclaw-system/claw-run-worker-denied-check",
          "RoleBinding openclaw-system/claw-run-worker-denied-check",
          "Role production/claw-run-worker-denied-check",
          "RoleBinding production/claw-run-worker-denied-check",
          "ConfigMap claw-run/claw-run-worker-denied-HASH",
          "Job claw-run/claw-run-worker-denied",
          "CronJob claw-run/claw-run-worker-denied-check",
        ]
      `);
      const job = manifests.find(({ kind }) => kind === 'Job');
      expect(
        (await apply({ ...job, spec: { ...(job?.spec as object), backofLimit: 0 } } as never)).status,
      ).toBeGreaterThanOrEqual(400);
    });

    test('let their account run the runbook, whatever is found, and roll back; each right is used or says what for', async () => {
      for (const scenario of ['rbac', 'token-expired', 'ca-rotated', 'policy-changed'] as const)
        await wholeWay(scenario);
      const { all, unused } = await rightsByUse();
      expect(unused.filter((right) => explained[right] === undefined)).toEqual([]);
      expect(all, 'what is explained is given').toEqual(expect.arrayContaining(Object.keys(explained)));
    });

    test('do so for another runbook', async () => {
      const all = await install('cluster-unreachable');
      for (const scenario of ['endpoint-wrong', 'network-policy', 'no-endpoints'] as const)
        await wholeWay(scenario, all);
    });

    test('cannot be made by who cannot read what the runbook reads', async () => {
      const { exit, stdout, stderr } = await claw(
        ['plan', join(root, 'runbooks/worker-denied.yaml'), '--grants'],
        { KUBECONFIG: server.nobody, HOME: folder },
      );
      expect({ exit, stdout }).toEqual({ exit: 3, stdout: '' });
      expect(stderr).toContain('cannot read Deployment production/openclaw-worker');
    });

    /** Rights of the two accounts, and those that no request which was served took. */
    const rightsByUse = async () => {
      const served = (await readFile(server.auditLog, 'utf8'))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Entry)
        .filter(
          ({ stage, responseStatus: { code } = { code: 0 } }) => stage === 'ResponseComplete' && code < 400,
        );
      const rights = Object.values(accounts).flatMap((account) => {
        const own = served.filter(
          ({ user }) => user.username === `system:serviceaccount:claw-run:${account}`,
        );
        const roles = manifests.filter(
          ({ kind, metadata }) => kind.endsWith('Role') && metadata.name.split('.')[0] === account,
        );
        return roles.flatMap(({ metadata: { namespace }, rules = [] }) =>
          rightsIn(rules).map((right) => ({
            used: own.some((entry) => takes(entry, right, namespace)),
            words: `${account === accounts.check ? 'check: ' : ''}${inWords(right, namespace)}`,
          })),
        );
      });
      return {
        all: rights.map(({ words }) => words),
        unused: rights.flatMap(({ used, words }) => (used ? [] : [words])),
      };
    };

    test.each<readonly [string, keyof typeof accounts, RawRequest]>([
      ['read another secret', 'run', { method: 'GET', path: '/api/v1/namespaces/production/secrets/other' }],
      ['list secrets', 'run', { method: 'GET', path: '/api/v1/namespaces/production/secrets' }],
      [
        'read secrets of another namespace',
        'run',
        { method: 'GET', path: '/api/v1/namespaces/kube-system/secrets/other' },
      ],
      [
        'delete the workers',
        'run',
        { method: 'DELETE', path: '/apis/apps/v1/namespaces/production/deployments/openclaw-worker' },
      ],
      ['change another workload', 'run', patch('/apis/apps/v1/namespaces/production/deployments/other')],
      [
        'change a workload elsewhere',
        'run',
        patch('/apis/apps/v1/namespaces/kube-system/deployments/openclaw-worker'),
      ],
      ['start pods', 'run', { method: 'POST', path: '/api/v1/namespaces/production/pods', body: {} }],
      [
        'enter pods',
        'run',
        { method: 'POST', path: '/api/v1/namespaces/production/pods/openclaw-worker-1/exec?command=id' },
      ],
      [
        'delete pods',
        'run',
        { method: 'DELETE', path: '/api/v1/namespaces/production/pods/openclaw-worker-1' },
      ],
      [
        'change the security policy',
        'run',
        patch('/api/v1/namespaces/openclaw-system/configmaps/openclaw-security-policy'),
      ],
      ['change another config map', 'run', patch('/api/v1/namespaces/production/configmaps/other')],
      [
        'delete config maps',
        'run',
        { method: 'DELETE', path: '/api/v1/namespaces/production/configmaps/worker-config' },
      ],
      [
        'make accounts elsewhere',
        'run',
        { method: 'POST', path: '/api/v1/namespaces/default/serviceaccounts', body: {} },
      ],
      [
        'issue tokens of another account',
        'run',
        { method: 'POST', path: '/api/v1/namespaces/production/serviceaccounts/default/token', body: {} },
      ],
      [
        'issue tokens of its own account',
        'run',
        { method: 'POST', path: `/api/v1/namespaces/claw-run/serviceaccounts/${name}/token`, body: {} },
      ],
      [
        'act as another',
        'run',
        { method: 'GET', path: '/api/v1/namespaces', headers: { 'impersonate-user': 'admin' } },
      ],
      [
        'widen its own role',
        'run',
        patch(`/apis/rbac.authorization.k8s.io/v1/clusterroles/${name}.claw-run`),
      ],
      [
        'make a role that gives more than it has',
        'run',
        role([{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }]),
      ],
      ['make a role that gives all', 'run', role([{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }])],
      ['bind another role', 'run', binding('cluster-admin')],
      ['delete namespaces', 'run', { method: 'DELETE', path: '/api/v1/namespaces/production' }],
      ['read nodes', 'run', { method: 'GET', path: '/api/v1/nodes' }],
      ['take other leases', 'run', patch('/apis/coordination.k8s.io/v1/namespaces/default/leases/other')],
      [
        'change what it only checks',
        'check',
        patch('/apis/apps/v1/namespaces/production/deployments/openclaw-worker'),
      ],
      [
        'write config maps where it only checks',
        'check',
        patch('/api/v1/namespaces/production/configmaps/worker-config'),
      ],
      [
        'take the lock where it only checks',
        'check',
        { method: 'POST', path: '/apis/coordination.k8s.io/v1/namespaces/default/leases', body: {} },
      ],
      [
        'issue tokens where it only checks',
        'check',
        {
          method: 'POST',
          path: '/api/v1/namespaces/production/serviceaccounts/openclaw-worker-sa/token',
          body: {},
        },
      ],
      [
        'read another secret where it only checks',
        'check',
        { method: 'GET', path: '/api/v1/namespaces/production/secrets/other' },
      ],
    ])('do not let it %s', async (_, account, request) => {
      const send = await rawRequests(file(accounts[account]));
      const { status, body } = await send(request);
      expect({ status, reason: body.reason }, JSON.stringify(body)).toEqual({
        status: 403,
        reason: 'Forbidden',
      });
    });
  },
);

/** What the runs of this file had no use for, and when there is one. */
const explained: { readonly [right: string]: string } = {
  'patch clusterroles/openclaw-worker': 'the role is there and gives too little',
  'bind clusterroles/openclaw-worker': 'asked for by the server itself: the binding is made and told of',
  'patch clusterrolebindings/openclaw-worker-binding': 'the binding is there and names others',
  'update leases/claw-run in default': 'the lock is renewed every ten seconds',
  'create secrets in production': 'the Secret of the token is gone',
  'delete secrets/openclaw-worker-token in production':
    'the Secret of the token was gone, and is rolled back',
  ...Object.fromEntries(
    [
      ...['jobs', 'tasks'].flatMap((one) =>
        ['get', 'list', 'watch', 'update', 'patch'].map((verb) => `${verb} ${one}`),
      ),
      ...['get', 'update', 'patch'].map((verb) => `${verb} workers`),
      ...['pods', 'configmaps'].flatMap((one) => ['get', 'list', 'watch'].map((verb) => `${verb} ${one}`)),
    ].map((right) => [right, 'given by the role that is written, and held for that']),
  ),
};

interface JobSpec {
  readonly template: {
    readonly spec: {
      readonly serviceAccountName: string;
      readonly containers: readonly {
        readonly args: readonly string[];
        readonly env: readonly { readonly name: string; readonly value: string }[];
      }[];
    };
  };
}

interface Entry {
  readonly stage: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
  };
  readonly responseStatus?: { readonly code: number };
}

interface Right {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly name?: string;
}

function rightsIn(rules: readonly Rule[]): readonly Right[] {
  return rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb): Right[] =>
          (resourceNames ?? [undefined]).map((name) => ({
            group,
            resource,
            verb,
            ...(name === undefined ? {} : { name }),
          })),
        ),
      ),
    ),
  );
}

function inWords({ verb, resource, name }: Right, namespace: string | undefined): string {
  const object = name === undefined ? resource : `${resource}/${name}`;
  return `${verb} ${object}${namespace === undefined ? '' : ` in ${namespace}`}`;
}

function takes({ verb, objectRef }: Entry, right: Right, namespace: string | undefined): boolean {
  if (objectRef === undefined || verb !== right.verb) return false;
  const { resource, subresource, apiGroup = '' } = objectRef;
  return (
    (subresource === undefined ? resource : `${resource}/${subresource}`) === right.resource &&
    apiGroup === right.group &&
    (namespace === undefined ? objectRef.namespace === undefined : objectRef.namespace === namespace) &&
    (right.name === undefined || right.name === objectRef.name)
  );
}

function patch(path: string): RawRequest {
  return {
    method: 'PATCH',
    path,
    contentType: 'application/merge-patch+json',
    body: { metadata: { labels: { a: 'b' } } },
  };
}

function role(rules: readonly Rule[]): RawRequest {
  const body = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'more' },
    rules,
  };
  return { method: 'POST', path: '/apis/rbac.authorization.k8s.io/v1/clusterroles', body };
}

function binding(clusterRole: string): RawRequest {
  const apiGroup = 'rbac.authorization.k8s.io';
  const body = {
    apiVersion: `${apiGroup}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'more' },
    roleRef: { apiGroup, kind: 'ClusterRole', name: clusterRole },
    subjects: [{ kind: 'ServiceAccount', name, namespace: 'claw-run' }],
  };
  return { method: 'POST', path: `/apis/${apiGroup}/v1/clusterrolebindings`, body };
}

function called({ kind, metadata: { namespace = '', name } }: Manifest): string {
  return `${kind} ${namespace}/${kind === 'ConfigMap' ? name.replace(/[0-9a-f]{8}$/, 'HASH') : name}`;
}

function podOf(all: readonly Manifest[], kind: 'Job' | 'CronJob'): JobSpec['template']['spec'] {
  const { spec } = all.find((each) => each.kind === kind) as unknown as {
    spec: JobSpec & { jobTemplate: { spec: JobSpec } };
  };
  return (kind === 'Job' ? spec : spec.jobTemplate.spec).template.spec;
}

function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const prefix = groupOf(apiVersion) === '' ? `/api/${apiVersion}` : `/apis/${apiVersion}`;
  const namespace = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `${prefix}${namespace}/${guessPlural(kind)}/${metadata.name}`;
}

function claw(args: readonly string[], env: NodeJS.ProcessEnv) {
  return new Promise<{ exit: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [launcher, ...args],
      { env: { PATH: process.env.PATH, ...env }, maxBuffer: 1 << 26 },
      (_, stdout, stderr) => resolve({ exit: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}
