import { createRedactor, type Redactor } from '@claw-run/core';
import { createOutput, type Output } from './output.ts';

/** Where answers and diagnostics go. Whatever is written has its secrets taken out first, and is then made plain. */
export interface Io {
  /** Answers. */
  readonly out: (text: string) => void;
  /** An answer as JSON, on one line: its keys and names stay, whatever a secret is. */
  readonly json: (document: unknown) => void;
  /** Progress and diagnostics. */
  readonly err: (text: string) => void;
  readonly color: { readonly out: boolean; readonly err: boolean };
  /** Columns to fill. */
  readonly width: number;
  /** Someone can be asked: standard input and standard error are a terminal. */
  readonly canAsk: boolean;
  /** Whoever can be asked sees what is answered: standard output is a terminal. */
  readonly outIsTerminal: boolean;
  /** A line can be updated in place. */
  readonly live: boolean;
  readonly redactor: Redactor;
  readonly env: NodeJS.ProcessEnv;
  /** Takes a variable that holds a secret out of what child processes inherit. */
  readonly hideVariable: (name: string) => void;
  readonly cwd: string;
  readonly readStdin: () => Promise<Buffer>;
  /** Questions are withdrawn when it aborts. */
  readonly signal?: AbortSignal;
  /** Why an answer did not get out, where it did not, once it could. */
  readonly outFailure?: () => Promise<string | undefined>;
}

type Stream = NodeJS.WriteStream;

/** The process as the commands see it. What cannot be written silences its stream and nothing else. */
export function createIo(process: NodeJS.Process, outputs: Outputs = outputsOf(process)): Io {
  const { env, stdin, stdout, stderr } = process;
  const redactor = createRedactor();
  const out = outputs.out.write;
  const err = outputs.err.write;
  const live = stderr.isTTY === true && env.TERM !== 'dumb' && !isSet(env.CI);
  return {
    out: (text) => out(redactor.redact(text)),
    json: (document) => out(`${JSON.stringify(redactor.redactJson(document))}\n`),
    err: (text) => err(redactor.redact(text)),
    color: { out: colors(stdout, env), err: colors(stderr, env) },
    width: Math.min(Math.max(stdout.columns || stderr.columns || 100, 40), 120),
    canAsk: stdin.isTTY === true && stderr.isTTY === true && !isSet(env.CI),
    outIsTerminal: stdout.isTTY === true,
    live,
    redactor,
    env: { ...env },
    hideVariable: (name) => {
      delete env[name];
    },
    cwd: process.cwd(),
    outFailure: outputs.out.settled,
    readStdin: async () => Buffer.concat(await stdin.toArray()),
  };
}

export interface Outputs {
  readonly out: Output;
  readonly err: Output;
}

export function outputsOf({ stdout, stderr }: NodeJS.Process): Outputs {
  return { out: createOutput(stdout), err: createOutput(stderr) };
}

function colors(stream: Stream, env: NodeJS.ProcessEnv): boolean {
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return !isSet(env.NO_COLOR) && stream.isTTY === true && env.TERM !== 'dumb';
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}
