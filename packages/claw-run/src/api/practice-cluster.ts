import { openclawCommand } from '../run/launcher.ts';

/** A practice cluster at work. */
export interface PracticeCluster {
  /** The path of an administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** A folder with the `openclaw` command of that cluster. */
  readonly bin: string;
  readonly close: () => Promise<void>;
}

/** Starts a practice cluster that is broken as the scenarios say, and waits until its symptoms show. */
export async function startPracticeCluster(
  scenarios: readonly string[],
  options: { signal?: AbortSignal } = {},
): Promise<PracticeCluster> {
  const { scenarios: known, startSandbox } = await import('@claw-run/sandbox');
  const wanted = known.filter(({ name }) => scenarios.includes(name)).map(({ name }) => name);
  const unknown = scenarios.filter((name) => !wanted.some((each) => each === name));
  if (unknown.length > 0) throw new Error(`there is no scenario ${unknown.join(', ')}`);
  const sandbox = await startSandbox({ scenarios: wanted, openclaw: openclawCommand(), ...options });
  try {
    await sandbox.settled();
  } catch (error) {
    await sandbox.close();
    throw error;
  }
  return { kubeconfig: sandbox.kubeconfig, bin: sandbox.bin, close: () => sandbox.close() };
}
