import type { Context } from '../context.ts';
import type { BoundHost } from './bind-host.ts';
import type { Reach } from './bind-targets.ts';
import type { ValidCache } from './valid-cache.ts';

/** Hosts that are being connected to while the runbook is compiled. */
export interface EarlyHosts {
  /** The host of this name, once. */
  readonly take: (name: string) => BoundHost | undefined;
  /** Where to remember that the runbook is valid, so that the next run can begin early; absent where it is known, or is of no use. */
  readonly cache?: ValidCache | undefined;
  /** Lets the event loop turn, so that what the hosts have answered is answered in its turn; nothing where none are being connected to. */
  readonly turn: () => Promise<void>;
  /** Closes those that nobody took. */
  readonly close: () => Promise<void>;
}

const nothing = () => Promise.resolve();
const none: EarlyHosts = { take: () => undefined, turn: nothing, close: nothing };

/**
 * Begins to connect to the hosts that the command line names: connecting is mostly waiting, and so is done while the runbook is compiled. Only for
 * a runbook that is known to be valid, and where nobody can be asked for a password: questions come one at a time.
 */
export async function beginEarly(file: string, reach: Reach, { io, options }: Context): Promise<EarlyHosts> {
  // two targets may be one host: one of them takes it
  const urls = new Set((reach.targets ?? []).flatMap((pair) => /=((?:open)?ssh:.*)$/.exec(pair)?.[1] ?? []));
  const useless = reach.hosts === undefined && urls.size === 0;
  if (useless || io.canAsk || options.library !== undefined) return none;
  const { openValidCache } = await import('./valid-cache.ts');
  const cache = openValidCache(io.env, io.cwd);
  if (!(await cache.has(file))) return { ...none, cache };
  const begun = new Map<string, BoundHost>();
  const closing = new AbortController();
  const journals = async () => (await import('@claw-run/engine')).createJournalStore(reach.stateFolder);
  try {
    const [{ bindHost }, { fleetHosts, forksOf }] = await Promise.all([
      import('./bind-host.ts'),
      import('./inventory.ts'),
    ]);
    const many = reach.hosts === undefined ? [] : await fleetHosts({ name: 'hosts' }, reach, journals);
    const first = many.slice(0, forksOf(options.forks));
    for (const { name, where } of [...[...urls].map((url) => ({ name: url, where: url })), ...first]) {
      if (begun.has(name)) continue;
      const host = await bindHost(where, reach, name);
      begun.set(name, host);
      host.connection.begin?.({ signal: closing.signal });
    }
  } catch {
    // what is wrong with them is told when it is their turn
  }
  return {
    take(name) {
      const host = begun.get(name);
      begun.delete(name);
      return host;
    },
    turn: () => new Promise((resolve) => setImmediate(resolve)),
    async close() {
      closing.abort();
      await Promise.all([...begun.values()].map(({ connection }) => connection.close()));
    },
  };
}
