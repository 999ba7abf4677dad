import type { Io } from '../io.ts';
import type { Renderer } from './renderer.ts';

/** One event a line. */
export function createJsonRenderer(io: Io): Renderer {
  return {
    event: (event) => {
      const { type, at, run, ...rest } = event;
      io.out(`${JSON.stringify({ type, at, run, ...rest })}\n`);
    },
    flush: () => {},
  };
}
