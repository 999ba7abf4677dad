import { execFile } from 'node:child_process';
import { access, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as sandboxPackage from '../../src/index.ts';
import { openclawCli, type Sandbox, type Scenario, startSandbox } from '../../src/index.ts';
import { createClient } from '../../src/openclaw/client.ts';
import { type ClusterAccess, readKubeconfig } from '../../src/openclaw/kubeconfig.ts';
import { resources } from '../../src/openclaw/resources.ts';

const openclaw = [process.execPath, fileURLToPath(new URL('./cli-main.ts', import.meta.url))];
let sandbox: Sandbox | undefined;

afterEach(async () => {
  await sandbox?.close();
  sandbox = undefined;
});

const run = async (argv: readonly string[], kubeconfig: string | undefined) => {
  const written = { stdout: '', stderr: '' };
  const into = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const env = { OPENCLAW_KUBECONFIG: kubeconfig };
  const code = await openclawCli(argv, { env, stdout: into('stdout'), stderr: into('stderr') });
  return { code, ...written };
};

const steady = (text: string) =>
  text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '2025-01-15T10:45:00Z')
    .replace(/worker-[a-z0-9]{8}-[a-z0-9]{4}/g, 'worker-8x7k2m3n-a2b3')
    .replace(/wrk_[a-z0-9]{8}/g, 'wrk_8x7k2m3n');

test('the package exports what the command line and the tests of runbooks need', () => {
  expect(Object.keys(sandboxPackage).toSorted()).toEqual([
    'createHeadNodeSecrets',
    'createServingCertificate',
    'headNodeScenarios',
    'headNodeWorld',
    'installClient',
    'installScheduler',
    'openclawCli',
    'parseHeadNodeScenarios',
    'scenarios',
    'scenariosOf',
    'siteFiles',
    'startApiServer',
    'startHeadNode',
    'startSandbox',
    'userFiles',
  ]);
});

describe('a sandbox', () => {
  test('stands by itself, and leaves nothing behind', async () => {
    sandbox = await startSandbox({ scenarios: ['identity'], openclaw });
    await sandbox.settled();
    const { dir, bin, kubeconfig } = sandbox;
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect((await stat(kubeconfig)).mode & 0o777).toBe(0o600);
    const { stdout } = await promisify(execFile)(`${bin}/openclaw`, ['worker', 'list', '-n', 'production']);
    expect(stdout.split('\n')[1]).toMatch(/^wrk_[a-z0-9]{8} {3}REJECTED {3}production {3}\d{4}-/);
    const { server } = await readKubeconfig(kubeconfig);
    await sandbox.close();
    await expect(access(dir)).rejects.toThrow('ENOENT');
    await expect(fetch(server)).rejects.toThrow();
  });

  test('refuses scenarios it does not know, and names those it does', async () => {
    const scenarios = ['rbac', 'no-such'] as unknown as readonly Scenario[];
    await expect(startSandbox({ scenarios, openclaw })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[Error: unknown scenario no-such; the known ones are healthy, rbac, identity, invalid-regex, namespace, token-expired, ca-rotated, duplicate-identity, policy-changed, endpoint-wrong, network-policy, no-endpoints, blocked, quota-used]`,
    );
  });

  test('can be brought up again in the same cluster, broken in another way, elsewhere and under another name', async () => {
    sandbox = await startSandbox({ scenarios: [], openclaw });
    await sandbox.settled();
    const guest = await startSandbox({
      scenarios: ['rbac'],
      openclaw,
      kubeconfig: sandbox.kubeconfig,
      controllers: 'foreign',
      namespace: 'batch',
      worker: 'crunchers',
      wipe: true,
    });
    const client = createClient(await readKubeconfig(sandbox.kubeconfig));
    expect(await client.get(resources.deployments, 'batch', 'crunchers')).toBeDefined();
    await guest.close();
    expect(await client.get(resources.deployments, 'batch', 'crunchers')).toBeUndefined();
    await expect(access(guest.dir)).rejects.toThrow('ENOENT');
    client.close();
  });

  test('gives up when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(startSandbox({ scenarios: [], openclaw, signal })).rejects.toThrow('enough');
  });

  test('says so when the cluster cannot be reached', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'openclaw-up-'));
    const kubeconfig = await writeKubeconfig(dir, 'http://127.0.0.1:1');
    await expect(startSandbox({ scenarios: [], openclaw, kubeconfig })).rejects.toThrow('ECONNREFUSED');
    await rm(dir, { recursive: true });
  });
});

describe('the openclaw command', () => {
  test('lists workers and jobs', async () => {
    sandbox = await startSandbox({ scenarios: ['healthy'], openclaw });
    await sandbox.settled();
    const { kubeconfig } = sandbox;
    await vi.waitFor(async () => {
      expect((await run(['job', 'list', '-n', 'production'], kubeconfig)).stdout).toContain('COMPLETED');
    }, 60_000);
    expect(
      steady((await run(['worker', 'list', '--namespace', 'production'], kubeconfig)).stdout),
    ).toMatchInlineSnapshot(`
      "WORKER ID              STATUS   NAMESPACE    LAST SEEN
      worker-8x7k2m3n-a2b3   READY    production   2025-01-15T10:45:00Z
      worker-8x7k2m3n-a2b3   READY    production   2025-01-15T10:45:00Z
      worker-8x7k2m3n-a2b3   READY    production   2025-01-15T10:45:00Z
      "
    `);
    expect(await run(['worker', 'list', '-n', 'default'], kubeconfig)).toMatchInlineSnapshot(`
      {
        "code": 0,
        "stderr": "",
        "stdout": "No workers found in namespace 'default'.
      ",
      }
    `);
    expect(
      steady((await run(['job', 'get', 'nightly-report', '-n', 'production'], kubeconfig)).stdout),
    ).toMatchInlineSnapshot(`
      "NAME             STATUS      NAMESPACE    COMPLETED AT
      nightly-report   COMPLETED   production   2025-01-15T10:45:00Z
      "
    `);
    const listed = await run(['job', 'list', '-A', '--status', 'completed', '--format', 'json'], kubeconfig);
    expect(steady(listed.stdout)).toMatchInlineSnapshot(`
      "{
        "jobs": [
          {
            "name": "nightly-report",
            "namespace": "production",
            "status": "COMPLETED",
            "completedAt": "2025-01-15T10:45:00Z"
          }
        ]
      }
      "
    `);
    expect(
      (await run(['job', 'list', '-A', '--status', 'pending', '--format', 'json'], kubeconfig)).stdout,
    ).toBe('{\n  "jobs": []\n}\n');
    expect(await run(['job', 'get', 'nothing', '-n', 'production'], kubeconfig)).toMatchInlineSnapshot(`
      {
        "code": 1,
        "stderr": "clw-job-notfound: job 'nothing' not found in 'production'
      ",
        "stdout": "",
      }
    `);
  });

  test.each([
    [['worker', 'lst']],
    [['job', 'get']],
    [['worker', 'list', '--format', 'yaml']],
    [['worker', 'list', '--wide']],
  ])('refuses %j with its usage', async (argv) => {
    const { code, stderr, stdout } = await run(argv, undefined);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^openclaw: .+\nUsage:\n/);
  });

  test('says in one line that the cluster is out of reach, or not given', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'openclaw-cli-'));
    const kubeconfig = await writeKubeconfig(dir, 'http://127.0.0.1:1');
    expect(await run(['worker', 'list'], kubeconfig)).toMatchInlineSnapshot(`
      {
        "code": 1,
        "stderr": "clw-cluster-unreachable: http://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1
      ",
        "stdout": "",
      }
    `);
    expect(await run(['worker', 'list'], undefined)).toMatchInlineSnapshot(`
      {
        "code": 1,
        "stderr": "clw-no-cluster: OPENCLAW_KUBECONFIG is not set
      ",
        "stdout": "",
      }
    `);
    await rm(dir, { recursive: true });
  });

  test('says in one line what the user may not do', async () => {
    const server = await sandboxPackage.startApiServer();
    const dir = await mkdtemp(join(tmpdir(), 'openclaw-cli-'));
    const kubeconfig = join(dir, 'kubeconfig');
    await writeFile(kubeconfig, server.kubeconfigFor({ name: 'nobody' }));
    expect(await run(['worker', 'list', '-n', 'production'], kubeconfig)).toMatchInlineSnapshot(`
      {
        "code": 1,
        "stderr": "clw-forbidden: workers.openclaw.io is forbidden: User "nobody" cannot list resource "workers" in API group "openclaw.io" in the namespace "production"
      ",
        "stdout": "",
      }
    `);
    await writeFile(kubeconfig, server.kubeconfig);
    expect(await run(['worker', 'list', '-n', 'production'], kubeconfig)).toMatchInlineSnapshot(`
      {
        "code": 1,
        "stderr": "clw-not-installed: this cluster has no OpenClaw (openclaw.io is not served)
      ",
        "stdout": "",
      }
    `);
    await server.close();
    await rm(dir, { recursive: true });
  });
});

async function writeKubeconfig(dir: string, server: ClusterAccess['server']): Promise<string> {
  const path = join(dir, 'kubeconfig');
  const text = {
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(path, JSON.stringify(text));
  return path;
}
