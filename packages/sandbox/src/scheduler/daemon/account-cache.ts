import type { Account } from './nss.ts';

export interface CachedAccount {
  readonly account: Account | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Keeps accounts for a time, as they were when asked for, present or not. */
export interface AccountCache {
  get(user: string): Promise<Account | undefined>;
  /** What is kept of a user now. */
  peek(user: string): CachedAccount | undefined;
  clear(): void;
}

const MOST = 10_000;

/** `ttlSeconds` 0 keeps nothing. Questions for the same user at the same time are asked once. */
export function createAccountCache(
  lookUp: (user: string) => Promise<Account | undefined>,
  { ttlSeconds, now }: { ttlSeconds: number; now: () => Date },
): AccountCache {
  const kept = new Map<string, CachedAccount>();
  const asked = new Map<string, Promise<Account | undefined>>();
  const peek = (user: string) => {
    const found = kept.get(user);
    return found !== undefined && now().getTime() - found.at < ttlSeconds * 1000 ? found : undefined;
  };
  let generation = 0;
  const ask = async (user: string) => {
    const started = generation;
    const account = await lookUp(user);
    if (ttlSeconds > 0 && started === generation) {
      kept.delete(user);
      kept.set(user, { account, at: now().getTime() });
      const [oldest] = kept.keys();
      if (kept.size > MOST && oldest !== undefined) kept.delete(oldest);
    }
    return account;
  };
  return {
    async get(user) {
      const found = peek(user);
      if (found !== undefined) return found.account;
      const running = asked.get(user) ?? ask(user).finally(() => asked.delete(user));
      asked.set(user, running);
      return running;
    },
    peek,
    clear() {
      generation += 1;
      kept.clear();
      asked.clear();
    },
  };
}
