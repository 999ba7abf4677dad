import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type HeadNodeScenario, type PracticeHeadNode, startHeadNode } from '../../src/index.ts';

const program = (name: string) => [
  process.execPath,
  fileURLToPath(new URL(`../../src/scheduler/bin-${name}.ts`, import.meta.url)),
];

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A practice head node for a test, and ways to use it. */
export interface TestNode extends PracticeHeadNode {
  /** A shell line as whoever practises, with the head node's commands. */
  readonly sh: (line: string, input?: string) => Promise<Ran>;
  /** A shell line in a fresh login session of a user. */
  readonly as: (user: string, line: string, input?: string) => Promise<Ran>;
}

export async function startTestNode(...scenarios: readonly HeadNodeScenario[]): Promise<TestNode> {
  const programs = { schedulerd: program('schedulerd'), clw: program('clw') };
  const node = await startHeadNode({ scenarios, programs });
  const env = { ...process.env, PATH: `${node.bin}:${process.env.PATH}` };
  const run = (file: string, args: readonly string[], input = '') =>
    new Promise<Ran>((resolve) => {
      const child = execFile(file, args, { env, encoding: 'utf8' }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
      // one that does not read its input may have ended
      child.stdin?.on('error', () => {}).end(input);
    });
  return {
    ...node,
    sh: (line, input) => run('sh', ['-c', line], input),
    as: (user, line, input) => run('su', ['-l', user, '-c', line], input),
  };
}

export const JOB = "printf 'job:\\n  name: test-fix\\n  command: echo hi\\n' > job.yaml";
