import { createRedactor, type Redactor } from '@claw-run/core';
import { terminalText } from './render/terminal.ts';

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
}

type Stream = NodeJS.WriteStream;

/** The process as the commands see it. A reader that went away (EPIPE) silences its stream and nothing else. */
export function createIo(process: NodeJS.Process): Io {
  const { env, stdin, stdout, stderr } = process;
  const redactor = createRedactor();
  const out = writer(stdout);
  const err = writer(stderr);
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
    readStdin: async () => Buffer.concat(await stdin.toArray()),
  };
}

function writer(stream: Stream): (text: string) => void {
  let gone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    gone = true;
  });
  return (text) => {
    if (!gone) stream.write(terminalText(text));
  };
}

function colors(stream: Stream, env: NodeJS.ProcessEnv): boolean {
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return !isSet(env.NO_COLOR) && stream.isTTY === true && env.TERM !== 'dumb';
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}
