import { nearest } from '@claw-run/runbook';
import { scenarios as known, type Sandbox, type Scenario, startSandbox } from '@claw-run/sandbox';
import { UsageError } from '../cli/usage-error.ts';
import type { Io } from '../io.ts';
import { createStatusLine } from '../render/status-line.ts';
import { openclawCommand } from './launcher.ts';

/** Starts a practice cluster and waits until its symptoms show. @throws UsageError for an unknown scenario */
export async function startPractice(
  names: readonly string[],
  options: { io: Io; signal: AbortSignal; quiet: boolean; kubeconfig?: string },
): Promise<Sandbox> {
  const { io, signal, kubeconfig } = options;
  const status = createStatusLine(io, options.quiet);
  const scenarios = scenariosOf(names);
  status.show(`starting a practice cluster: ${names.join(', ') || 'healthy'} …`);
  const sandbox = await startSandbox({
    scenarios,
    openclaw: openclawCommand(),
    signal,
    ...(kubeconfig === undefined ? {} : { kubeconfig, wipe: true }),
  });
  try {
    await sandbox.settled();
  } catch (error) {
    await sandbox.close();
    throw error;
  } finally {
    status.clear();
  }
  return sandbox;
}

function scenariosOf(names: readonly string[]): readonly Scenario[] {
  const words: readonly string[] = known.map(({ name }) => name);
  for (const name of names) {
    if (words.includes(name)) continue;
    const near = nearest(name, words);
    throw new UsageError(
      `there is no scenario ${name}${near === undefined ? '' : `; did you mean ${near}?`}`,
      `there are: ${words.join(', ')}`,
    );
  }
  return names as readonly Scenario[];
}
