/** Does some work for each item, in order, at most `forks` at a time. The first bug that is thrown ends it, once what is under way is done. */
export async function inParallel<T>(
  items: readonly T[],
  forks: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  const workers = Array.from({ length: Math.min(forks, items.length) }, worker);
  for (const ended of await Promise.allSettled(workers)) if (ended.status === 'rejected') throw ended.reason;
}
