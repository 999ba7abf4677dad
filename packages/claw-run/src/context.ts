import type { Options } from './cli/flags.ts';
import type { Io } from './io.ts';

/** What a command is called with. */
export interface Context {
  readonly io: Io;
  readonly options: Options;
  /** Those of the options that were written on the command line; the others come from the environment. */
  readonly typed: Options;
  readonly operands: readonly string[];
}

/** `json` or `human`: what answers look like. */
export function outputOf({ options }: Context): 'human' | 'json' {
  return options.output === 'json' ? 'json' : 'human';
}

/** Writes a JSON document as the answer, one line. */
export function answerJson({ io }: Context, document: unknown): void {
  io.json(document);
}
