import type { Param } from '@claw-run/core';
import type { Io } from './io.ts';
import { terminalText } from './render/terminal.ts';
import { answersOnly } from './terminal-input.ts';

/** Asks for a parameter; the answer to a secret is not shown. */
export async function askParam(
  param: Param,
  fault: (text: string) => string | undefined,
  io: Io,
): Promise<string> {
  const message = param.summary === undefined ? param.name : `${param.name}: ${param.summary}`;
  const validate = (text: string) => fault(text) ?? true;
  if (param.choices !== undefined) {
    return choose(
      io,
      message,
      param.choices.map((choice) => ({ name: terminalText(String(choice)), value: String(choice) })),
    );
  }
  const type = param.type === 'secret' ? 'password' : 'input';
  return question(io, { type, message, validate });
}

/** Asks for what must not be shown: a password, a passphrase, a code. */
export async function askSecret(io: Io, message: string): Promise<string> {
  return question(io, { type: 'password', message });
}

/** A question that is answered by yes or no; no is the answer to an empty line. */
export async function agree(io: Io, message: string): Promise<boolean> {
  return question(io, { type: 'confirm', message, default: false });
}

/** One of several answers. */
export async function choose<T extends string>(
  io: Io,
  message: string,
  choices: readonly { readonly name: string; readonly value: T }[],
): Promise<T> {
  return question(io, { type: 'select', message, choices });
}

/** A word has to be typed: for what cannot be taken back. */
export async function typeWord(io: Io, message: string, word: string): Promise<boolean> {
  const answer: string = await question(io, { type: 'input', message });
  return answer.trim() === word;
}

/** Thrown when a question was broken off (Ctrl-C, Ctrl-D). */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

async function question<T>(
  io: Io,
  options: { type: string; message: string; [key: string]: unknown },
): Promise<T> {
  const { default: inquirer } = await import('inquirer');
  const input = answersOnly();
  const ask = inquirer.createPromptModule({
    input: input as unknown as NodeJS.ReadStream,
    output: process.stderr,
    ...(io.signal === undefined ? {} : { signal: io.signal }),
  });
  try {
    const message = terminalText(io.redactor.redact(options.message));
    const answers = (await ask([{ ...options, message, name: 'answer' }] as never)) as { answer: T };
    return answers.answer;
  } catch (error) {
    if (!(error instanceof Error) || !/ExitPrompt|AbortPrompt/.test(error.name)) throw error;
    io.signal?.throwIfAborted();
    throw new Unanswered();
  } finally {
    input.release();
  }
}
