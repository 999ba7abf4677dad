import type { Io } from '../io.ts';
import type { FleetRenderer } from './fleet.ts';
import type { Renderer } from './renderer.ts';

/** One event a line. */
export function createJsonRenderer(io: Io): Renderer {
  return createFleetJsonRenderer(io);
}

/** The same for a fleet: the events of its runs bear `fleet` and `host`. */
export function createFleetJsonRenderer(io: Io): FleetRenderer {
  return {
    event: (event) => {
      const { type, at, run, ...rest } = event;
      io.json({ type, at, run, ...rest });
    },
    flush: () => {},
    lastPlan: () => [],
  };
}
