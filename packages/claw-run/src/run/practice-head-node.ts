import { headNodeScenarios, type PracticeHeadNode, startHeadNode } from '@claw-run/sandbox';
import { UsageError } from '../cli/usage-error.ts';
import type { Io } from '../io.ts';
import { createStatusLine } from '../render/status-line.ts';
import { hostProgram } from './launcher.ts';
import { knownScenarios } from './practice.ts';
import { started } from './start-of-practice.ts';

/** Starts a practice head node on this machine, without root; its symptoms show. @throws UsageError for a wrong scenario */
export async function startPracticeHeadNode(
  names: readonly string[],
  { io, signal, quiet }: { io: Io; signal: AbortSignal; quiet: boolean },
): Promise<PracticeHeadNode> {
  const here = headNodeScenarios.filter(({ where }) => where === 'anywhere').map(({ name }) => name);
  const scenarios = knownScenarios(names, here);
  const status = createStatusLine(io, quiet);
  status.show(`starting a practice head node: ${names.join(', ') || 'healthy'} …`);
  const programs = { schedulerd: hostProgram('schedulerd'), clw: hostProgram('clw') };
  try {
    return await started(
      'practice head node',
      unlessContradicting(startHeadNode({ scenarios, programs, signal })),
    );
  } finally {
    status.clear();
  }
}

async function unlessContradicting(starting: Promise<PracticeHeadNode>): Promise<PracticeHeadNode> {
  try {
    return await starting;
  } catch (error) {
    if (error instanceof Error && error.message.includes('contradict')) throw new UsageError(error.message);
    throw error;
  }
}
