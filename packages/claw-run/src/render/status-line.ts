import type { Io } from '../io.ts';
import { cutLine, emptyLine } from './terminal.ts';

/** A line that is updated in place on a terminal, and told anew elsewhere whenever it says something new. */
export interface StatusLine {
  readonly show: (text: string) => void;
  /** Takes it away, so that lasting lines can be written. */
  readonly clear: () => void;
}

/** `quiet` shows nothing. */
export function createStatusLine(io: Io, quiet: boolean): StatusLine {
  let shown = '';
  if (quiet) return { show: () => {}, clear: () => {} };
  if (!io.live) {
    return {
      show: (text) => {
        if (text !== shown) io.err(`${text}\n`);
        shown = text;
      },
      clear: () => {},
    };
  }
  return {
    show: (text) => {
      const line = cutLine(text, io.width - 1);
      io.err(`${emptyLine()}${line}`);
      shown = line;
    },
    clear: () => {
      if (shown !== '') io.err(emptyLine());
      shown = '';
    },
  };
}
