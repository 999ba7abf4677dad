import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer, startSandbox } from '@claw-run/sandbox';
import { benchHosts } from './hosts/hosts.ts';
import { interleaved } from './measure.ts';

const root = join(import.meta.dirname, '../..');
const bin = join(root, 'packages/claw-run/bin/claw-run.cjs');
const runbook = join(root, 'runbooks/worker-denied.yaml');
const library = join(root, 'packages/claw-run/dist/library.cjs');
const zod = import.meta.resolve('zod');
const node = process.execPath;

/** Start-up of whole processes, as ratios to an empty Node in the same run. */
async function startUp(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-bench-'));
  const changing = join(folder, 'changing.yaml');
  const text = await readFile(runbook, 'utf8');
  try {
    const times = interleaved(
      [
        { name: 'node -e 0', argv: [node, '-e', '0'] },
        { name: 'claw-run --version', argv: [node, bin, '--version'] },
        // what an installed library is: its bundle, and the zod beside it
        {
          name: 'import of the library',
          argv: [node, '--input-type=module', '-e', `await import('${library}'); await import('${zod}')`],
        },
        { name: 'validate, unchanged', argv: [node, bin, 'validate', runbook] },
        {
          name: 'validate, changed',
          argv: [node, bin, 'validate', changing],
          prepare: (round) => writeFileSync(changing, `${text}# ${process.pid} ${round}\n`),
        },
      ],
      15,
    );
    const floor = times.get('node -e 0') ?? Number.NaN;
    for (const [name, ms] of times)
      console.log(
        `${name.padEnd(24)} ${ms.toFixed(0).padStart(5)} ms  ${(ms / floor).toFixed(2)} × node -e 0`,
      );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a converged run asks of the API server: requests of claw-run, and the distinct things it looked at. */
async function requestsOfConvergedRun(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-bench-'));
  const auditLog = join(folder, 'audit.jsonl');
  const server = await startApiServer({ auditLog });
  try {
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, server.kubeconfig, { mode: 0o600 });
    const sandbox = await startSandbox({
      scenarios: ['healthy'],
      kubeconfig,
      openclaw: [node, bin, 'sandbox', 'openclaw'],
    });
    await sandbox.settled();
    const before = (await entries(auditLog)).length;
    const env = {
      KUBECONFIG: kubeconfig,
      PATH: `${sandbox.bin}:${process.env.PATH}`,
      CLAW_STATE_DIR: folder,
    };
    const { spawn } = await import('node:child_process');
    const code = await new Promise((resolve) =>
      spawn(node, [bin, runbook, '--yes'], { env: { ...process.env, ...env }, stdio: 'ignore' }).on(
        'exit',
        resolve,
      ),
    );
    const made = (await entries(auditLog))
      .slice(before)
      .filter(({ userAgent }) => userAgent?.startsWith('claw-run/'));
    const reviews = made.filter(({ requestURI }) => requestURI.includes('review'));
    const reads = made.filter((one) => !reviews.includes(one));
    const writes = reads.filter(({ verb }) => !['get', 'list', 'watch'].includes(verb));
    console.log(
      `converged run (exit ${code}): ${made.length} requests: ${reads.length} reads of ${new Set(reads.map(({ requestURI }) => requestURI)).size} things, ${reviews.length} reviews, ${writes.length} writes`,
    );
    await sandbox.close();
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface AuditEntry {
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent?: string;
}

async function entries(path: string): Promise<readonly AuditEntry[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AuditEntry);
}

await startUp();
await requestsOfConvergedRun();
await benchHosts();
