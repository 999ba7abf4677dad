import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startApiServer } from '@claw-run/sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Container, makeContainer, whyNoContainer } from '../support/container.ts';
import { root } from '../support/programs.ts';

const why = await whyNoContainer();
if (why !== undefined) console.warn(`skipped: claw-run as its image has it. ${why}`);

const greeting = join(root, 'test/cli/fixtures/greeting.yaml');

describe.skipIf(why !== undefined)(
  `what the Containerfile makes${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    let container: Container;
    beforeAll(async () => {
      container = await makeContainer();
      await container.put(
        '/runbook/worker-denied.yaml',
        await readFile(join(root, 'runbooks/worker-denied.yaml'), 'utf8'),
      );
      await container.put('/runbook/greeting.yaml', await readFile(greeting, 'utf8'));
    });
    afterAll(() => container?.remove());

    test('is claw-run, as a user without rights on a root that cannot be written', async () => {
      const { version } = JSON.parse(
        await readFile(join(root, 'packages/claw-run/package.json'), 'utf8'),
      ) as { version: string };
      expect(await container.run(['--version'])).toEqual({ exit: 0, stdout: `${version}\n`, stderr: '' });
      const shell =
        'id -u; id -g; grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status; for at in / /opt /opt/claw-run/dist /home /home/claw-run /tmp /runbook; do touch $at/x 2>/dev/null && echo "$at is writable"; done; touch /home/claw-run/state/x && echo kept';
      expect((await container.run({ shell })).stdout.replaceAll('\t', ' ')).toBe(
        '65532\n65532\nCapEff: 0000000000000000\nCapBnd: 0000000000000000\nNoNewPrivs: 1\nkept\n',
      );
    });

    test('goes the whole way in the practice cluster', async () => {
      const run = ['--sandbox', 'rbac', 'worker-denied.yaml', '--yes'];
      const { exit, stdout, stderr } = await container.run(run, { temporary: ['/tmp'] });
      expect(exit, stdout + stderr).toBe(0);
      expect(stdout).toContain('Fixed and verified');
    });

    test('finds its cluster as a pod does, keeps its journal on a volume that all can write, and rolls back from it', async () => {
      const server = await startApiServer();
      try {
        const { clusters, users } = parse(server.kubeconfig) as {
          clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
          users: { user: { token?: string } }[];
        };
        const cluster = clusters[0]?.cluster;
        const url = new URL(cluster?.server ?? '');
        const account = '/var/run/secrets/kubernetes.io/serviceaccount';
        await container.put(`${account}/token`, users[0]?.user.token ?? '');
        await container.put(
          `${account}/ca.crt`,
          Buffer.from(cluster?.['certificate-authority-data'] ?? '', 'base64').toString('utf8'),
        );
        await container.put(`${account}/namespace`, 'claw-run');
        const env = {
          KUBERNETES_SERVICE_HOST: url.hostname,
          KUBERNETES_SERVICE_PORT: url.port,
          GREETING_PASSWORD: 'correct-horse',
        };
        const shell = 'claw-run greeting.yaml --yes && claw-run runs && claw-run rollback --yes';
        const { exit, stdout, stderr } = await container.run({ shell }, { env });
        expect(exit, stdout + stderr).toBe(0);
        expect(stdout).toMatch(/Fixed and verified[\s\S]*Rolled back/);
        expect(stdout + stderr).not.toContain('correct-horse');
      } finally {
        await server.close();
      }
    });
  },
);
