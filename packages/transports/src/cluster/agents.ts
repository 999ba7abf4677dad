import type http from 'node:http';
import https from 'node:https';

/** Connections that are kept for the next request; the client library's own agents close each after one. */
export interface Agents {
  /** The agent that keeps connections with the settings of another; of a proxy's agent, that agent itself. */
  readonly keeping: (agent: http.Agent | boolean | undefined) => http.Agent | boolean | undefined;
  readonly close: () => void;
}

/** Shorter than the time after which servers and load balancers drop idle connections. */
const idleMs = 20_000;

export function createAgents(): Agents {
  const kept = new Map<https.Agent, https.Agent>();
  return {
    keeping(agent) {
      if (!(agent instanceof https.Agent) || Object.getPrototypeOf(agent) !== https.Agent.prototype)
        return agent;
      const known = kept.get(agent);
      if (known !== undefined) return known;
      const made = new https.Agent({ ...agent.options, keepAlive: true, timeout: idleMs });
      kept.set(agent, made);
      return made;
    },
    close() {
      for (const agent of kept.values()) agent.destroy();
    },
  };
}
