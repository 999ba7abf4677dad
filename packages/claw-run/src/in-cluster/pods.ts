import type { Json } from '@claw-run/core';
import type { Explained, Manifest } from './manifest.ts';
import { type Account, labels } from './rbac.ts';
import { type RunbookFiles, runbookFolder } from './runbook-files.ts';

/** The user of the image, who is nobody on a node. */
export const user = 65_532;
/** A folder of the image that nobody but its user can enter: what lies in it is ours, whatever mode a volume has. */
const home = '/home/claw-run';
const state = `${home}/state`;

export interface PodOptions {
  readonly image: string;
  readonly files: RunbookFiles;
  /** What comes after the runbook on the command line. */
  readonly args: readonly string[];
  /** Variables that parameters come from, by the Secret that holds them. */
  readonly secret: { readonly name: string; readonly variables: readonly string[] };
  readonly claim?: string | undefined;
}

/** One run, which is not begun again by itself: a change that is half done is for a person to look at. */
export function jobManifest(account: Account, options: PodOptions & { readonly timeout: string }): Explained {
  const args = [options.files.main, '--yes', '--timeout', options.timeout, ...options.args];
  const manifest: Manifest = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: account.name, namespace: account.namespace, labels },
    spec: {
      backoffLimit: 0,
      ttlSecondsAfterFinished: keptSeconds,
      template: template(account, args, options),
    },
  };
  const kept =
    options.claim === undefined
      ? 'Its journal ends with its pod, and with it the way to roll back: --claim NAME keeps it.'
      : `Its journal is kept in the claim ${options.claim}.`;
  return { manifest, notes: [`One run, as soon as it is applied. ${kept}`] };
}

/** A look each night: it fails (exit 10) when a cause is found, and changes nothing. */
export function cronJobManifest(
  account: Account,
  options: PodOptions & { readonly schedule: string },
): Explained {
  const args = ['diagnose', options.files.main, '--detailed-exitcode', ...options.args];
  const { schedule } = options;
  const pod = template(account, args, { ...options, claim: undefined });
  const manifest = cronJob(account, { schedule, suspend: false, deadline: 600, pod });
  return {
    manifest,
    notes: [
      'Diagnoses and changes nothing. Its Job fails with exit 10 when a cause is found, with another when it could not look.',
    ],
  };
}

/** Roll back by hand: a CronJob that never begins is what kubectl makes a Job of. */
export function rollbackManifest(account: Account, options: PodOptions): Explained {
  const name = `${account.name}-rollback`;
  const pod = template(account, ['rollback', '--yes'], options);
  const manifest = cronJob({ ...account, name }, { schedule: never, suspend: true, pod });
  const command = `kubectl create job -n ${account.namespace} --from=cronjob/${name} ${name}-1`;
  return { manifest, notes: [`Never begins by itself. Rolls back the latest run: ${command}`] };
}

/** The thirty-first of February. */
const never = '0 0 31 2 *';

interface Recurring {
  readonly schedule: string;
  readonly suspend: boolean;
  /** Seconds after which it is ended from outside; for what changes nothing. */
  readonly deadline?: number;
  readonly pod: Json;
}

function cronJob({ name, namespace }: Account, { schedule, suspend, deadline, pod }: Recurring): Manifest {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name, namespace, labels },
    spec: {
      schedule,
      suspend,
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 3600,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        metadata: { labels },
        spec: {
          backoffLimit: 0,
          ...(deadline === undefined ? {} : { activeDeadlineSeconds: deadline }),
          ttlSecondsAfterFinished: keptSeconds,
          template: pod,
        },
      },
    },
  };
}

/** How long the pod of an ended Job, and with it its log, is there to be read: a week. */
const keptSeconds = 7 * 24 * 3600;

function template(account: Account, args: readonly string[], options: PodOptions): Json {
  const { image, files, secret, claim } = options;
  const volume =
    claim === undefined
      ? { emptyDir: { sizeLimit: '256Mi' } }
      : { persistentVolumeClaim: { claimName: claim } };
  return {
    metadata: { labels },
    spec: {
      serviceAccountName: account.name,
      automountServiceAccountToken: true,
      enableServiceLinks: false,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 120,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'claw-run',
          image,
          args: args.map(unexpanded),
          env: [
            ...Object.entries(places).map(([name, value]) => ({ name, value })),
            ...secret.variables.map((name) => ({
              name,
              valueFrom: { secretKeyRef: { name: secret.name, key: name } },
            })),
          ],
          resources: {
            requests: { cpu: '100m', memory: '128Mi' },
            limits: { cpu: '1', memory: '512Mi', 'ephemeral-storage': '512Mi' },
          },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [
            { name: 'runbook', mountPath: runbookFolder, readOnly: true },
            { name: 'state', mountPath: state },
          ],
        },
      ],
      volumes: [
        { name: 'runbook', configMap: { name: files.manifest.metadata.name, items: [...files.items] } },
        { name: 'state', ...volume },
      ],
    },
  };
}

/** Everything that claw-run writes is in the one volume. */
export const places = {
  HOME: home,
  XDG_STATE_HOME: `${state}/state`,
  XDG_CONFIG_HOME: `${state}/config`,
  XDG_CACHE_HOME: `${state}/cache`,
  CLAW_LOCK_DIR: `${state}/locks`,
} as const;

/** Kubernetes puts variables in place of `$(NAME)`; `$$` is a `$`. */
function unexpanded(argument: string): string {
  return argument.replaceAll('$(', '$$$$(');
}
