import type { Library } from '@claw-run/core';
import type { Subject } from '@claw-run/testing';
import type { LabHost } from './lab.ts';

/** A use of a definition, and the shell lines that make the world for it (nothing, unless given) and clear it away. */
export type ByShell = Omit<Subject, 'definition' | 'before'> & {
  readonly id: string;
  readonly make?: string;
  readonly clear?: string;
};

/** A subject of the laws whose world a shell line makes, as root on the host of that moment. */
export function subjectByShell(library: Library, host: () => LabHost, one: ByShell): Subject {
  const { id, make = 'true', clear, ...rest } = one;
  const definition = library.get(id);
  if (definition === undefined) throw new Error(`there is no ${id}`);
  return {
    ...rest,
    definition,
    before: async () => {
      await host().sh(make);
      return clear === undefined ? undefined : async () => void (await host().sh(clear));
    },
  };
}
