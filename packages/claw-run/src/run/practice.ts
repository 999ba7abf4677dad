import { nearest } from '@claw-run/runbook';
import { scenarios as known, type Sandbox, startSandbox } from '@claw-run/sandbox';
import { UsageError } from '../cli/usage-error.ts';
import type { Io } from '../io.ts';
import { createStatusLine } from '../render/status-line.ts';
import { openclawCommand } from './launcher.ts';
import { started } from './start-of-practice.ts';

/** Starts a practice cluster and waits until its symptoms show. @throws UsageError for an unknown scenario */
export async function startPractice(
  names: readonly string[],
  options: { io: Io; signal: AbortSignal; quiet: boolean; kubeconfig?: string },
): Promise<Sandbox> {
  const { io, signal, kubeconfig } = options;
  const status = createStatusLine(io, options.quiet);
  const scenarios = knownScenarios(
    names,
    known.map(({ name }) => name),
  );
  status.show(`starting a practice cluster: ${names.join(', ') || 'healthy'} …`);
  const begun = startSandbox({
    scenarios,
    openclaw: openclawCommand(),
    signal,
    ...(kubeconfig === undefined ? {} : { kubeconfig, wipe: true }),
  });
  try {
    return await started('practice cluster', settled(begun));
  } finally {
    status.clear();
  }
}

async function settled(begun: Promise<Sandbox>): Promise<Sandbox> {
  const sandbox = await begun;
  try {
    await sandbox.settled();
    return sandbox;
  } catch (error) {
    await sandbox.close();
    throw error;
  }
}

/** The names as scenarios. @throws UsageError for one that is not known */
export function knownScenarios<S extends string>(
  names: readonly string[],
  known: readonly S[],
): readonly S[] {
  return names.map((name) => {
    const found = known.find((each) => each === name);
    if (found !== undefined) return found;
    const near = nearest(name, known);
    throw new UsageError(
      `there is no scenario ${name}${near === undefined ? '' : `; did you mean ${near}?`}`,
      `there are: ${known.join(', ')}`,
    );
  });
}
