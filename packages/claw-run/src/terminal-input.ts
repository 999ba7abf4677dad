import { closeSync, constants, openSync, readSync } from 'node:fs';
import { Transform } from 'node:stream';

const endOfInput = 4;
const interrupt = 3;

/**
 * The terminal's input for one question. What was typed before the question showed answers nothing: it is discarded. Ctrl-D breaks the question off, as
 * Ctrl-C does.
 */
export function answersOnly(): Keys {
  const { stdin } = process;
  discardTypeAhead();
  const keys = new Keys();
  // a terminal that went away answers nothing
  stdin.on('error', keys.breakOff);
  stdin.on('end', keys.breakOff);
  stdin.pipe(keys, { end: false });
  return keys;
}

class Keys extends Transform {
  readonly isTTY = true;

  override _transform(chunk: Buffer, _encoding: string, done: (error: null, chunk: Buffer) => void): void {
    done(null, Buffer.from(chunk.map((byte) => (byte === endOfInput ? interrupt : byte))));
  }

  setRawMode(raw: boolean): this {
    try {
      process.stdin.setRawMode?.(raw);
    } catch {
      this.breakOff();
    }
    return this;
  }

  readonly breakOff = (): void => {
    if (!this.destroyed) this.push(Buffer.from([interrupt]));
  };

  release(): void {
    process.stdin.off('error', this.breakOff);
    process.stdin.off('end', this.breakOff);
    process.stdin.unpipe(this);
    process.stdin.pause();
    this.destroy();
  }
}

/** Takes away what waits in the terminal. Without lines it can be read as it is; what cannot be opened holds nothing. */
function discardTypeAhead(): void {
  const { stdin } = process;
  if (stdin.isTTY !== true) return;
  stdin.setRawMode(true);
  try {
    while (stdin.read() !== null);
    const terminal = openSync('/dev/tty', constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const room = Buffer.alloc(4096);
      while (readSync(terminal, room) > 0);
    } finally {
      closeSync(terminal);
    }
  } catch {
    // nothing waits there (EAGAIN), or there is no controlling terminal
  } finally {
    stdin.setRawMode(false);
  }
}
