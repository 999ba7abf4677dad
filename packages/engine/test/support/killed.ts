import type { JournalRecord, JournalStore } from '../../src/index.ts';

/** No part of the engine knows it, as no part of a process knows its death. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** A store whose journals die before the first record of a type is kept. */
export function crashingAt(store: JournalStore, type: JournalRecord['type']): JournalStore {
  return {
    ...store,
    async create(...args) {
      const journal = await store.create(...args);
      return {
        ...journal,
        async append(record) {
          if (record.type !== type) return journal.append(record);
          await journal.close();
          throw new Killed(`before ${type}`);
        },
      };
    },
  };
}
