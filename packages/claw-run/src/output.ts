import { terminalText } from './render/terminal.ts';

/** A stream that is written to. That it cannot be written changes nothing of what is done. */
export interface Output {
  readonly write: (text: string) => void;
  /** Waits until all is out, or for as long as who reads may take. Gives why something did not get out; a reader that went away is no failure. */
  readonly settled: () => Promise<string | undefined>;
}

/** What waits for a reader who does not read: more than this is dropped. */
const waitingLimitBytes = 16 * 1024 * 1024;

/** How long whoever reads what was printed may take for it. */
const readerMs = 600_000;

interface Handle {
  readonly setBlocking?: (blocking: boolean) => number;
}

/**
 * Makes an output of a stream of the process. A disk that is full, a terminal that went away, a pipe that nobody reads: the stream falls silent, and nobody waits for
 * it. Node.js writes to pipes and terminals in a way that stops the process until somebody reads; it must not stop while it holds locks.
 */
export function createOutput(stream: NodeJS.WriteStream): Output {
  let failed: string | undefined;
  let silent = false;
  const fail = (error: unknown) => {
    silent = true;
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPIPE') failed ??= code ?? String(error);
  };
  stream.on('error', fail);
  (stream as unknown as { readonly _handle?: Handle })._handle?.setBlocking?.(false);
  return {
    write(text) {
      if (silent) return;
      if (stream.writableLength > waitingLimitBytes) {
        failed ??= 'nobody reads it';
        return;
      }
      try {
        stream.write(terminalText(text));
      } catch (error) {
        fail(error);
      }
    },
    async settled() {
      if (silent) return failed;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, readerMs);
        const done = () => {
          clearTimeout(timer);
          resolve();
        };
        stream.once('error', done);
        try {
          stream.write('', done);
        } catch {
          done();
        }
      });
      // a file tells that it failed after it said that it was written
      await new Promise((resolve) => setImmediate(resolve));
      return failed;
    },
  };
}
