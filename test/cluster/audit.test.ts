import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterObject } from '@claw-run/core';
import type { Grant } from '@claw-run/engine';
import { type Sandbox, type Scenario, startSandbox } from '@claw-run/sandbox';
import { connectCluster } from '@claw-run/transports';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openclawProgram } from '../support/programs.ts';
import { type RealApiServer, startRealApiServer, whyNoApiServer } from './api-server.ts';
import { arrange } from './support/worker-denied-contract.ts';

const why = whyNoApiServer();
if (why !== undefined) console.warn(`skipped: what the audit log of a real API server tells. ${why}`);

describe.skipIf(why !== undefined)(
  `the audit log of a real API server${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    let server: RealApiServer;
    let folder: string;
    beforeAll(async () => {
      server = await startRealApiServer();
      folder = await mkdtemp(join(tmpdir(), 'claw-run-audit-'));
    });
    afterAll(async () => {
      await server?.close();
      await rm(folder, { recursive: true, force: true });
    });

    const practice = async (scenarios: readonly Scenario[], work: (sandbox: Sandbox) => Promise<void>) => {
      const sandbox = await startSandbox({
        scenarios,
        kubeconfig: server.kubeconfig,
        openclaw: openclawProgram,
      });
      try {
        await sandbox.settled();
        await work(sandbox);
      } finally {
        await sandbox.close();
      }
    };

    /** The requests of claw-run that some work made, once the log holds the last of them. */
    const during = async (work: () => Promise<unknown>): Promise<readonly Entry[]> => {
      const before = (await entries(server.auditLog)).length;
      await work();
      const marker = await connectCluster({ kubeconfig: server.kubeconfig, userAgent: `marker/${before}` });
      await marker.read(
        { read: 'get', ref: { apiVersion: 'v1', kind: 'Namespace', name: 'default' } },
        { signal: AbortSignal.timeout(60_000) },
      );
      await expect
        .poll(
          async () =>
            (await entries(server.auditLog)).some(({ userAgent }) => userAgent === `marker/${before}`),
          { timeout: 10_000 },
        )
        .toBe(true);
      return (await entries(server.auditLog))
        .slice(before)
        .filter(({ userAgent }) => userAgent === 'claw-run/test');
    };

    test.each([['healthy'], ['rbac'], ['ca-rotated'], ['policy-changed']] as const)(
      'has no write of a dry run, nor of a second run (%s)',
      (scenario) =>
        practice([scenario], async (sandbox) => {
          const bench = await arrange(sandbox, folder);
          expect((await during(() => bench.go({ mode: 'plan' }))).filter(isWrite)).toEqual([]);
          await bench.go({});
          const again = await during(() => bench.go({}));
          expect(again.filter(isWrite)).toEqual([]);
          expect(again.length, 'nothing is asked for twice').toBe(
            new Set(again.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).size,
          );
        }),
    );

    test('is free of writes until every right is there, and then exactly the rights that were named suffice', () =>
      practice(['rbac', 'token-expired'], async (sandbox) => {
        const bench = await arrange(sandbox, folder, server.nobody);
        const rounds: number[] = [];
        const made = await during(async () => {
          for (;;) {
            const { outcome } = await bench.go({});
            if (outcome.status !== 'refused' || rounds.length > 6) {
              expect(outcome.status).toBe('ok');
              return;
            }
            rounds.push(outcome.missingGrants.length);
            await grant(server, outcome.missingGrants, rounds.length);
          }
        });
        expect(rounds.length).toBeLessThanOrEqual(4);
        const firstWrite = made.findIndex(isWrite);
        // whether others may be impersonated is tried; where not, their rights are asked for one by one
        expect(
          made
            .slice(firstWrite)
            .filter(
              ({ responseStatus, requestURI }) =>
                responseStatus?.code === 403 && !requestURI.endsWith('selfsubjectrulesreviews'),
            ),
          'nothing is refused once something was touched',
        ).toEqual([]);
      }));
  },
);

interface Entry {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly responseStatus?: { readonly code: number };
}

async function entries(path: string): Promise<readonly Entry[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Entry)
    .filter(({ stage }) => stage === 'ResponseComplete');
}

/** Reviews and dry runs store nothing. */
function isWrite({ verb, requestURI }: Entry): boolean {
  return (
    !['get', 'list', 'watch'].includes(verb) &&
    !/reviews(\?|$)/.test(requestURI) &&
    !requestURI.includes('dryRun=All')
  );
}

/** Gives the user `nobody` exactly these rights. */
async function grant(server: RealApiServer, grants: readonly Grant[], round: number): Promise<void> {
  const admin = await connectCluster({ kubeconfig: server.kubeconfig, userAgent: 'administrator' });
  const create = (object: ClusterObject) =>
    admin.perform({ do: 'create', object }, { key: 'grant', signal: AbortSignal.timeout(60_000) });
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  for (const [index, { group, resource, verb, namespace, name }] of grants.entries()) {
    const metadata = { name: `grant-${round}-${index}`, ...(namespace === undefined ? {} : { namespace }) };
    const kind = namespace === undefined ? 'ClusterRole' : 'Role';
    const rules = [
      {
        apiGroups: [group],
        resources: [resource],
        verbs: [verb],
        ...(name === undefined ? {} : { resourceNames: [name] }),
      },
    ];
    await create({ apiVersion, kind, metadata, rules });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name };
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'nobody' }];
    await create({ apiVersion, kind: `${kind}Binding`, metadata, roleRef, subjects });
  }
}
