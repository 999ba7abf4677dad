import { ClawError, type RunResult, Secret } from '@claw-run/core';
import { execa } from 'execa';

export interface CommandOptions {
  readonly sudo?: boolean;
  readonly stdin?: string | Secret;
  readonly timeoutSeconds?: number;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

const defaultTimeoutSeconds = 60;
const outputLimit = 4 * 1024 * 1024;

/** Runs a command of the machine itself. How it exits is data (127: no such program); only time and signals are errors. */
export async function runCommand(argv: readonly string[], options: CommandOptions): Promise<RunResult> {
  const [file = '', ...args] = options.sudo ? ['sudo', '-n', '--', ...argv] : argv;
  const input = options.stdin instanceof Secret ? options.stdin.reveal() : options.stdin;
  const seconds = options.timeoutSeconds ?? defaultTimeoutSeconds;
  const result = await execa(file, args, {
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
    env: options.env,
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    timeout: seconds * 1000,
    maxBuffer: outputLimit,
    cancelSignal: options.signal,
    forceKillAfterDelay: 2000,
  });
  const command = argv.join(' ');
  if (result.isCanceled) throw options.signal.reason;
  if (result.timedOut)
    throw new ClawError('timeout', `${command} did not end within ${seconds} s`, { retryable: true });
  if (result.isMaxBuffer)
    throw new ClawError('fact-unreadable', `${command} printed more than ${outputLimit} bytes`);
  if (result.code === 'ENOENT') return { exit: 127, stdout: '', stderr: `${file}: not found` };
  if (result.code === 'EACCES') return { exit: 126, stdout: '', stderr: `${file}: permission denied` };
  if (result.exitCode === undefined)
    throw new ClawError('action-failed', `${command} ended by ${result.signal ?? 'an unknown cause'}`);
  return { exit: result.exitCode, stdout: String(result.stdout ?? ''), stderr: String(result.stderr ?? '') };
}
