import { closeSync, openSync, writeSync } from 'node:fs';

export interface Log {
  readonly write: (level: 'INFO' | 'WARNING' | 'ERROR', text: string) => void;
  /** Opens the file again by its name: for log rotation. */
  readonly reopen: () => void;
  readonly close: () => void;
}

/**
 * The scheduler's log: lines of `[LEVEL] text (TIMESTAMP)`, RFC 3339 in UTC. A line is one write, so that lines never
 * mix; control characters in it are escaped, so that no one can forge a line.
 */
export function openLog(path: string, now: () => Date): Log {
  let file = openSync(path, 'a', 0o640);
  return {
    write(level, text) {
      const stamp = now()
        .toISOString()
        .replace(/\.\d+Z$/, 'Z');
      writeSync(file, `[${level}] ${oneLine(text)} (${stamp})\n`);
    },
    reopen() {
      const next = openSync(path, 'a', 0o640);
      closeSync(file);
      file = next;
    },
    close: () => closeSync(file),
  };
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, (each) => `\\x${each.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
