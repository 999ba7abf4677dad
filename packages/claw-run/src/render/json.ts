import type { Io } from '../io.ts';
import type { FleetRenderer } from './fleet.ts';
import type { Renderer } from './renderer.ts';

/** One event a line. */
export function createJsonRenderer(io: Io): Renderer {
  return createFleetJsonRenderer(io);
}

/** The same for a fleet: the events of its runs bear `fleet` and `host`. */
export function createFleetJsonRenderer(io: Io): FleetRenderer {
  const warned = new Set<string>();
  return {
    event: (event) => {
      const { type, at, run, ...rest } = event;
      io.json({ type, at, run, ...rest });
      if (event.type !== 'warning' || warned.has(event.message)) return;
      // whoever starts the program sees it too
      warned.add(event.message);
      io.err(`warning: ${event.message}\n`);
    },
    flush: () => {},
    lastPlan: () => [],
  };
}
