import type { Connection, FileState } from '@claw-run/core';

/** A host that is a map of files: what it takes to try what has nothing to do with hosts. */
export interface MemoryHost {
  readonly files: Map<string, string>;
  readonly connection: Connection<'host'>;
}

export function memoryHost(): MemoryHost {
  const files = new Map<string, string>();
  const connection: Connection<'host'> = {
    kind: 'host',
    name: 'memory',
    async read(read) {
      if (read.read !== 'file') throw new Error(`a host in memory runs no ${read.argv[0]}`);
      const content = files.get(read.path);
      return content === undefined
        ? null
        : ({ content, mode: 0o644, owner: 'root', group: 'root' } satisfies FileState);
    },
    async perform(action) {
      if (action.do === 'run') throw new Error(`a host in memory runs no ${action.argv[0]}`);
      if (action.do === 'remove') files.delete(action.path);
      else
        files.set(action.path, typeof action.content === 'string' ? action.content : action.content.reveal());
      return {};
    },
    lock: async () => ({ lost: new AbortController().signal, release: () => Promise.resolve() }),
    close: () => Promise.resolve(),
  };
  return { files, connection };
}
