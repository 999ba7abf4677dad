import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { fixtures, makePlace, root } from './support/claw-run.ts';
import { useCluster } from './support/cluster.ts';

const cluster = useCluster();
const rights = join(fixtures, 'rights.yaml');
const image = ['--image', 'registry.example/claw-run:1'];
const place = () => makePlace({ RIGHTS_PASSWORD: 'correct-horse', KUBECONFIG: cluster.kubeconfig });

async function hall(name: string): Promise<void> {
  const signal = new AbortController().signal;
  const create = (object: Parameters<typeof cluster.perform>[0] & { do: 'create' }) =>
    cluster.perform(object, { key: 'test', signal });
  await create({ do: 'create', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } });
  await create({
    do: 'create',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'guest-x7k2p', namespace: name, labels: { app: 'guest' } },
      spec: { containers: [{ name: 'guest', image: 'guest' }] },
    },
  });
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [key: string]: unknown;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const inWords = ({ apiGroups, resources, resourceNames = [], verbs }: Rule) =>
  `${verbs.join(' ')}: ${apiGroups.join()}/${resources.join()} ${resourceNames.join()}`.trimEnd();

function manifestsIn(text: string): readonly Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

const commentsIn = (text: string) => text.slice(0, text.indexOf('---'));

test('rights of every branch are printed with their limits, each role for one account', async () => {
  await hall('every');
  const { run } = await place();
  const { exit, stdout, stderr } = await run(['plan', rights, '--grants', '-e', 'namespace=every']);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  expect(commentsIn(stdout).replace(rights, 'RUNBOOK')).toMatchInlineSnapshot(`
    "# What RUNBOOK needs to run inside a cluster, as things are in sandbox. Made by claw-run 0.1.0.
    # Review it, then: kubectl apply -f FILE. Make it anew when the runbook, its parameters or names in the cluster change.
    #
    # Rights of these parts are not among them. Where one is reached all the same, the run is refused before its first change and prints what is missing:
    #   cause dark: its condition is false as things are now, whichever causes are found: params.wide
    #   step everything: its condition is false as things are now, whichever causes are found: params.wide
    #   step annex: it makes the namespace annex, and no Role can be put there before: create it, then apply these
    #   step probe: it gives rights to URLs, which whoever gives them has to hold
    #
    # Who writes a role has to hold what the role gives (the verb escalate would be far more), so these are among them:
    #   get deployments.apps
    #
    # here is the container itself. The image has to hold: openclaw. What these ask of a cluster takes rights that claw-run cannot know.
    #
    # No Job and no CronJob: they need an image, and none is published. docs/in-a-cluster.md says how to build one; then give --image NAME.
    "
  `);
  expect(
    manifestsIn(stdout)
      .filter(({ kind }) => kind.endsWith('Role'))
      .map(({ kind, metadata, rules }) => ({
        [`${kind} ${metadata.namespace ?? ''}/${metadata.name}`]: (rules as readonly Rule[]).map(inWords),
      })),
  ).toMatchInlineSnapshot(`
    [
      {
        "ClusterRole /claw-run-rights.claw-run": [
          "get delete: /namespaces annex",
          "get delete patch: rbac.authorization.k8s.io/clusterroles prober",
          "create: /namespaces",
          "create: rbac.authorization.k8s.io/clusterroles",
          "create: authorization.k8s.io/selfsubjectaccessreviews",
          "get: apps/deployments",
        ],
      },
      {
        "Role default/claw-run-rights": [
          "create: coordination.k8s.io/leases",
          "get update delete: coordination.k8s.io/leases claw-run",
        ],
      },
      {
        "Role every/claw-run-rights": [
          "get delete patch: /configmaps greeting",
          "get delete patch: /secrets door",
          "list delete: /pods",
          "create: /configmaps",
          "create: /secrets",
        ],
      },
      {
        "Role every/claw-run-rights-check": [
          "get: /configmaps greeting",
        ],
      },
    ]
  `);
});

test('a pod is given parameters as arguments, and secrets by name alone', async () => {
  await hall('pods');
  const { run, folder } = await place();
  const args = ['-e', 'namespace=pods', '-e', 'text=$(HOSTNAME) and $HOME'];
  const more = ['--namespace', 'ops', '--schedule', '*/5 * * * *', '--claim', 'journals', '--timeout', '5m'];
  const out = ['-o', 'made.yaml', '--only', 'words'];
  const made = await run(['plan', rights, '--grants', ...image, ...args, ...more, ...out]);
  expect(made).toMatchObject({ exit: 0, stdout: '', stderr: 'saved in made.yaml\n' });
  const text = await readFile(join(folder, 'made.yaml'), 'utf8');
  expect(text).not.toContain('correct-horse');
  expect(text).not.toContain(Buffer.from('correct-horse').toString('base64'));
  const manifests = manifestsIn(text);
  const role = manifests.find(({ kind, metadata }) => kind === 'Role' && metadata.namespace === 'pods');
  expect(((role?.rules ?? []) as readonly Rule[]).map(inWords), 'narrowed to one step').toEqual([
    'get delete patch: /configmaps greeting',
    'create: /configmaps',
  ]);
  expect(
    manifests.filter(({ kind }) => kind === 'Namespace'),
    'it is there already',
  ).toEqual([]);
  expect(manifests.find(({ kind }) => kind === 'ConfigMap')).toMatchObject({
    data: { 'rights.yaml': await readFile(rights, 'utf8') },
  });
  expect(
    text.slice(text.indexOf('kind: Job') - 300).replace(/-[0-9a-f]{8}\b/g, '-HASH'),
  ).toMatchInlineSnapshot(`
    "es: openclaw.workers-ready
            on: here
            with: { namespace: "\${{ params.namespace }}" }
    ---
    # One run, as soon as it is applied. Its journal is kept in the claim journals.
    # Its secrets come from the Secret claw-run-rights in ops, which you make: keys RIGHTS_PASSWORD
    apiVersion: batch/v1
    kind: Job
    metadata:
      name: claw-run-rights
      namespace: ops
      labels:
        app.kubernetes.io/name: claw-run
    spec:
      backoffLimit: 0
      ttlSecondsAfterFinished: 604800
      template:
        metadata:
          labels:
            app.kubernetes.io/name: claw-run
        spec:
          serviceAccountName: claw-run-rights
          automountServiceAccountToken: true
          enableServiceLinks: false
          restartPolicy: Never
          terminationGracePeriodSeconds: 120
          securityContext:
            runAsNonRoot: true
            runAsUser: 65532
            runAsGroup: 65532
            fsGroup: 65532
            seccompProfile:
              type: RuntimeDefault
          containers:
            - name: claw-run
              image: registry.example/claw-run:1
              args:
                - /runbook/rights.yaml
                - --yes
                - --timeout
                - 5m
                - --only
                - words
                - -e
                - namespace=pods
                - -e
                - text=$$(HOSTNAME) and $HOME
              env:
                - name: HOME
                  value: /home/claw-run
                - name: XDG_STATE_HOME
                  value: /home/claw-run/state/state
                - name: XDG_CONFIG_HOME
                  value: /home/claw-run/state/config
                - name: XDG_CACHE_HOME
                  value: /home/claw-run/state/cache
                - name: CLAW_LOCK_DIR
                  value: /home/claw-run/state/locks
                - name: RIGHTS_PASSWORD
                  valueFrom:
                    secretKeyRef:
                      name: claw-run-rights
                      key: RIGHTS_PASSWORD
              resources:
                requests:
                  cpu: 100m
                  memory: 128Mi
                limits:
                  cpu: "1"
                  memory: 512Mi
                  ephemeral-storage: 512Mi
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities:
                  drop: [ALL]
              volumeMounts:
                - name: runbook
                  mountPath: /runbook
                  readOnly: true
                - name: state
                  mountPath: /home/claw-run/state
          volumes:
            - name: runbook
              configMap:
                name: claw-run-rights-HASH
                items:
                  - key: rights.yaml
                    path: rights.yaml
            - name: state
              persistentVolumeClaim:
                claimName: journals
    ---
    # Diagnoses and changes nothing. Its Job fails with exit 10 when a cause is found, with another when it could not look.
    apiVersion: batch/v1
    kind: CronJob
    metadata:
      name: claw-run-rights-check
      namespace: ops
      labels:
        app.kubernetes.io/name: claw-run
    spec:
      schedule: "*/5 * * * *"
      suspend: false
      concurrencyPolicy: Forbid
      startingDeadlineSeconds: 3600
      successfulJobsHistoryLimit: 1
      failedJobsHistoryLimit: 3
      jobTemplate:
        metadata:
          labels:
            app.kubernetes.io/name: claw-run
        spec:
          backoffLimit: 0
          activeDeadlineSeconds: 600
          ttlSecondsAfterFinished: 604800
          template:
            metadata:
              labels:
                app.kubernetes.io/name: claw-run
            spec:
              serviceAccountName: claw-run-rights-check
              automountServiceAccountToken: true
              enableServiceLinks: false
              restartPolicy: Never
              terminationGracePeriodSeconds: 120
              securityContext:
                runAsNonRoot: true
                runAsUser: 65532
                runAsGroup: 65532
                fsGroup: 65532
                seccompProfile:
                  type: RuntimeDefault
              containers:
                - name: claw-run
                  image: registry.example/claw-run:1
                  args:
                    - diagnose
                    - /runbook/rights.yaml
                    - --detailed-exitcode
                    - -e
                    - namespace=pods
                    - -e
                    - text=$$(HOSTNAME) and $HOME
                  env:
                    - name: HOME
                      value: /home/claw-run
                    - name: XDG_STATE_HOME
                      value: /home/claw-run/state/state
                    - name: XDG_CONFIG_HOME
                      value: /home/claw-run/state/config
                    - name: XDG_CACHE_HOME
                      value: /home/claw-run/state/cache
                    - name: CLAW_LOCK_DIR
                      value: /home/claw-run/state/locks
                    - name: RIGHTS_PASSWORD
                      valueFrom:
                        secretKeyRef:
                          name: claw-run-rights
                          key: RIGHTS_PASSWORD
                  resources:
                    requests:
                      cpu: 100m
                      memory: 128Mi
                    limits:
                      cpu: "1"
                      memory: 512Mi
                      ephemeral-storage: 512Mi
                  securityContext:
                    allowPrivilegeEscalation: false
                    readOnlyRootFilesystem: true
                    capabilities:
                      drop: [ALL]
                  volumeMounts:
                    - name: runbook
                      mountPath: /runbook
                      readOnly: true
                    - name: state
                      mountPath: /home/claw-run/state
              volumes:
                - name: runbook
                  configMap:
                    name: claw-run-rights-HASH
                    items:
                      - key: rights.yaml
                        path: rights.yaml
                - name: state
                  emptyDir:
                    sizeLimit: 256Mi
    ---
    # Never begins by itself. Rolls back the latest run: kubectl create job -n ops --from=cronjob/claw-run-rights-rollback claw-run-rights-rollback-1
    apiVersion: batch/v1
    kind: CronJob
    metadata:
      name: claw-run-rights-rollback
      namespace: ops
      labels:
        app.kubernetes.io/name: claw-run
    spec:
      schedule: 0 0 31 2 *
      suspend: true
      concurrencyPolicy: Forbid
      startingDeadlineSeconds: 3600
      successfulJobsHistoryLimit: 1
      failedJobsHistoryLimit: 3
      jobTemplate:
        metadata:
          labels:
            app.kubernetes.io/name: claw-run
        spec:
          backoffLimit: 0
          ttlSecondsAfterFinished: 604800
          template:
            metadata:
              labels:
                app.kubernetes.io/name: claw-run
            spec:
              serviceAccountName: claw-run-rights
              automountServiceAccountToken: true
              enableServiceLinks: false
              restartPolicy: Never
              terminationGracePeriodSeconds: 120
              securityContext:
                runAsNonRoot: true
                runAsUser: 65532
                runAsGroup: 65532
                fsGroup: 65532
                seccompProfile:
                  type: RuntimeDefault
              containers:
                - name: claw-run
                  image: registry.example/claw-run:1
                  args: [rollback, --yes]
                  env:
                    - name: HOME
                      value: /home/claw-run
                    - name: XDG_STATE_HOME
                      value: /home/claw-run/state/state
                    - name: XDG_CONFIG_HOME
                      value: /home/claw-run/state/config
                    - name: XDG_CACHE_HOME
                      value: /home/claw-run/state/cache
                    - name: CLAW_LOCK_DIR
                      value: /home/claw-run/state/locks
                    - name: RIGHTS_PASSWORD
                      valueFrom:
                        secretKeyRef:
                          name: claw-run-rights
                          key: RIGHTS_PASSWORD
                  resources:
                    requests:
                      cpu: 100m
                      memory: 128Mi
                    limits:
                      cpu: "1"
                      memory: 512Mi
                      ephemeral-storage: 512Mi
                  securityContext:
                    allowPrivilegeEscalation: false
                    readOnlyRootFilesystem: true
                    capabilities:
                      drop: [ALL]
                  volumeMounts:
                    - name: runbook
                      mountPath: /runbook
                      readOnly: true
                    - name: state
                      mountPath: /home/claw-run/state
              volumes:
                - name: runbook
                  configMap:
                    name: claw-run-rights-HASH
                    items:
                      - key: rights.yaml
                        path: rights.yaml
                - name: state
                  persistentVolumeClaim:
                    claimName: journals
    "
  `);
});

test('as JSON they are one document', async () => {
  await hall('json');
  const { run } = await place();
  const { exit, stdout } = await run([
    'plan',
    rights,
    '--grants',
    '-e',
    'namespace=json',
    '--output',
    'json',
  ]);
  const { manifests, notes } = JSON.parse(stdout) as {
    manifests: readonly Manifest[];
    notes: readonly string[];
  };
  expect(exit).toBe(0);
  expect(manifests[0]).toMatchObject({ kind: 'Namespace', metadata: { name: 'claw-run' } });
  expect(notes.join('\n')).toContain('No Job and no CronJob: they need an image');
});

test('a role that gives everything is said to be out of reach, and no rule holds a *', async () => {
  await hall('wide');
  const { run } = await place();
  const { stdout } = await run(['plan', rights, '--grants', '-e', 'namespace=wide', '-e', 'wide=true']);
  expect(commentsIn(stdout)).toContain('which RBAC takes for everything');
  expect(JSON.stringify(manifestsIn(stdout))).not.toContain('"*"');
});

test('includes come along and are found', async () => {
  await hall('parts');
  const { run, folder } = await place();
  await writeFile(
    join(folder, 'part.yaml'),
    'fragment: part\nversion: 1\nsteps:\n  - { id: note, name: Note, uses: kubernetes.config-map-entry, on: cluster, with: { name: n, namespace: parts, key: k, value: "\u200bv", create: true } }\n',
  );
  await writeFile(
    join(folder, 'whole.yaml'),
    'runbook: whole\nversion: 1\ntitle: Whole\ntargets: { cluster: { kind: cluster } }\nsteps:\n  - include: part.yaml\n',
  );
  const { exit, stdout, stderr } = await run(['plan', 'whole.yaml', '--grants', ...image]);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  const manifests = manifestsIn(stdout);
  const config = manifests.find(({ kind }) => kind === 'ConfigMap') as unknown as {
    data: Record<string, string>;
    binaryData: Record<string, string>;
  };
  expect(Object.keys(config.data)).toEqual(['whole.yaml']);
  expect(Buffer.from(config.binaryData['1-part.yaml'] ?? '', 'base64').toString('utf8')).toBe(
    await readFile(join(folder, 'part.yaml'), 'utf8'),
  );
  expect(stdout).toMatch(/- key: 1-part.yaml\n +path: part.yaml\n/);
});

test.each([
  'worker-denied',
  'worker-notfound',
  'pod-evicted',
  'cluster-unreachable',
  'task-timeout',
  'scheduler-denied',
  'auth-failed',
])('they can be made of %s', async (name) => {
  const { run } = await makePlace();
  const file = join(root, `runbooks/${name}.yaml`);
  const { exit, stdout, stderr } = await run([
    'plan',
    file,
    '--sandbox',
    'healthy',
    '--grants',
    ...image,
    '-q',
  ]);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  expect(JSON.stringify(manifestsIn(stdout))).not.toContain('"*"');
});

test.each<readonly [string, readonly string[]]>([
  ['--image is for --grants', [...image]],
  ['is not the name of an image', ['--grants', '--image', 'a b']],
  ['is not a schedule', ['--grants', '--schedule', 'nightly']],
  ['--namespace "Ops" is not the name of an object', ['--grants', '--namespace', 'Ops']],
  ['--log tells of one incident', ['--grants', '--log', 'x.log']],
  ['cannot be carried into a pod', ['--grants', ...image, '--library', 'steps.mjs']],
  ['--grants is for one host', ['--grants', '--hosts', 'a,b']],
  ['cannot be written to no/where.yaml: ENOENT', ['--grants', '-o', 'no/where.yaml']],
])('%s', async (message, args) => {
  const { run } = await place();
  const { exit, stderr } = await run(['plan', rights, ...args]);
  expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining(message) });
});
