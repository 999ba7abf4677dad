import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClawError, type Connection, type ReadOf, type TargetKind } from '@claw-run/core';
import { type RunStatus, runStatuses } from '@claw-run/engine';
import { parseDuration } from '@claw-run/runbook';
import { UsageError } from '../cli/usage-error.ts';
import { answerJson, type Context, outputOf } from '../context.ts';
import { type FoundLibrary, findLibrary } from '../library-test/find-library.ts';
import { findPeers, type Peers } from '../library-test/find-peers.ts';
import { type GradedLibrary, type GradedUnit, gradeLibrary, gradeUnit } from '../library-test/grade.ts';
import { jsonOfLibrary, jsonOfUnit } from '../library-test/json.ts';
import { tellLibrary, tellUnit } from '../library-test/render.ts';
import { libraryReports } from '../library-test/reports.ts';
import { atRisk, isOwnAddress, type NamedTargets, namedTargets } from '../library-test/targets.ts';
import { tryInVitest } from '../library-test/trial.ts';
import { agree, Unanswered } from '../prompt.ts';
import { plainJson } from '../render/plain.ts';
import { createStatusLine } from '../render/status-line.ts';
import { reportFiles } from '../report/reports.ts';
import { type Interrupt, watchInterrupts } from '../run/interrupt.ts';
import { kubeconfigChoice } from '../run/kubeconfig.ts';
import { standardDefinitions } from '../run/load-library.ts';
import { userAgent } from '../version.ts';

/** `claw-run test-library PATH`: grades a library of steps and transports by the laws, its cases and the contracts. */
export async function call(context: Context): Promise<number> {
  const { io, options, operands } = context;
  const [path = ''] = operands;
  const limitMs = limitOf(options.lawTimeout);
  const reports = reportFiles(options.report ?? [], {
    cwd: io.cwd,
    kinds: libraryReports,
    warn: (text) => io.err(`warning: ${text}\n`),
  });
  const targets = namedTargets(context);
  const library = await findLibrary(path, io.cwd);
  const peers = await findPeers(library.module);
  await reports.prepare();
  const refused = await unlessAgreed(targets, context);
  if (refused !== undefined) return refused;
  const leaves = atRisk(targets);
  const interrupt = watchInterrupts(
    context,
    `stopping${leaves.length === 0 ? '' : `; what the laws made on ${leaves.join(', ')} may stay there`}`,
  );
  try {
    await reachable(targets, context, interrupt.signal);
    const graded = await tried({ library, peers, targets, limitMs, context, interrupt });
    await reports.write(plainJson(io.redactor.redactJson(graded) as GradedLibrary));
    if (outputOf(context) === 'json') answerJson(context, jsonOfLibrary(graded, statusOf(graded, context)));
    else tellLibrary(graded, io);
    return runStatuses[statusOf(graded, context)].exit;
  } catch (error) {
    if (error instanceof ClawError && error.code === 'cancelled')
      throw new ClawError('cancelled', `${error.message}; the library was not graded`);
    throw error;
  } finally {
    interrupt.end();
  }
}

interface Trial {
  readonly library: FoundLibrary;
  readonly peers: Peers;
  readonly targets: NamedTargets;
  readonly limitMs: number;
  readonly context: Context;
  readonly interrupt: Interrupt;
}

async function tried(trial: Trial): Promise<GradedLibrary> {
  const { library, peers, targets, limitMs, context, interrupt } = trial;
  const { io, options } = context;
  const startedAt = new Date();
  const status = createStatusLine(io, options.quiet === true || !io.live);
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-library-'));
  let close: () => Promise<void> = () => Promise.resolve();
  try {
    status.show(`starting an API server to try ${library.name} on …`);
    const cluster = targets.cluster ?? (await practiceServer(folder, (end) => (close = end)));
    const units: GradedUnit[] = [];
    await tryInVitest({
      vitest: peers.vitest.module,
      folder,
      env: io.env,
      signal: interrupt.signal,
      settings: {
        name: library.name,
        module: library.module,
        testing: peers.testing.module,
        cases: library.cases,
        ownCases: library.ownCases,
        reserved: (await standardDefinitions()).map(({ id }) => id),
        targets: { ...targets, cluster, locks: join(folder, 'locks') },
        progress: join(folder, 'progress.json'),
        limitMs,
        cwd: io.cwd,
      },
      tell(name, told) {
        const unit = gradeUnit(name, told);
        units.push(unit);
        status.clear();
        if (outputOf(context) === 'json') answerJson(context, jsonOfUnit(unit));
        else tellUnit(unit, { io, quiet: options.quiet === true });
      },
      progress: (path) => status.show(`${path.slice(0, -1).join(' › ')} …`),
    });
    return gradeLibrary({
      name: library.name,
      startedAt: startedAt.toISOString(),
      seconds: (Date.now() - startedAt.getTime()) / 1000,
      units,
      by: { vitest: peers.vitest.version, '@claw-run/testing': peers.testing.version },
    });
  } finally {
    status.clear();
    await close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function practiceServer(folder: string, onStart: (close: () => Promise<void>) => void) {
  const { startApiServer } = await import('@claw-run/sandbox');
  const server = await startApiServer();
  onStart(() => server.close());
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, server.kubeconfig, { mode: 0o600 });
  await chmod(folder, 0o700);
  return { kubeconfig };
}

/**
 * Targets that cannot be reached are no fault of a library, so they are looked for before. A host by a transport of the library's own is only known there.
 * @throws ClawError
 */
async function reachable(
  { host, cluster }: NamedTargets,
  context: Context,
  signal: AbortSignal,
): Promise<void> {
  const { reachOfFlags } = await import('../run/reach.ts');
  const reach = { ...reachOfFlags(context), targets: undefined };
  const ask = async <K extends TargetKind>(connection: Connection<K>, read: ReadOf<K>) => {
    try {
      await connection.read(read, { signal });
    } finally {
      await connection.close();
    }
  };
  if (cluster !== undefined) {
    const { connectCluster } = await import('@claw-run/transports/cluster');
    const connection = await connectCluster({ ...kubeconfigChoice(reach, cluster.context), userAgent });
    await ask(connection, { read: 'list', apiVersion: 'v1', kind: 'Namespace' });
  }
  if (host !== undefined && host !== 'local' && !isOwnAddress(host)) {
    const { bindHost } = await import('../run/bind-host.ts');
    await ask((await bindHost(host, reach)).connection, { read: 'run', argv: ['true'] });
  }
}

/** The exit code where nobody agreed to what laws do to a target. */
async function unlessAgreed(targets: NamedTargets, { io, options }: Context): Promise<number | undefined> {
  const where = atRisk(targets);
  if (where.length === 0 || options.yes === true) return undefined;
  const what = `The laws delete and change what the steps read, and act, on ${where.join(', ')}`;
  if (!io.canAsk) {
    io.err(`claw-run: ${what}: approval needed, and no terminal to ask on\n  --yes approves it\n`);
    return runStatuses['waiting-for-approval'].exit;
  }
  const agreed = await agree(io, `${what}. Try them there?`).catch((error: unknown) => {
    if (error instanceof Unanswered) return false;
    throw error;
  });
  return agreed ? undefined : runStatuses.cancelled.exit;
}

function statusOf({ grade }: GradedLibrary, { options }: Context): RunStatus {
  switch (grade) {
    case 'passed':
      return 'ok';
    case 'incomplete':
      return options.detailedExitcode === true ? 'unresolved' : 'ok';
    case 'failed':
      return 'verification-failed';
  }
}

const usualLimit = '2m';

function limitOf(text: string = usualLimit): number {
  const seconds = parseDuration(text);
  if (seconds === undefined || seconds <= 0)
    throw new UsageError(`--law-timeout does not understand ${JSON.stringify(text)}`, 'as 30s or 5m');
  return seconds * 1000;
}
