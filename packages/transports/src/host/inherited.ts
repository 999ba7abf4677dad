import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

/**
 * Starts a program without the descriptors that this process itself was given beside its three streams (a log of the CI system, a socket): a program that drops its
 * rights would give them to whom it becomes, and Node closes the first of them alone. Each leads to nothing there.
 */
export function withoutInherited<T>(start: (more: readonly ('ignore' | number)[]) => T): T {
  inherited ??= inheritedNow();
  if (inherited.length === 0) return start([]);
  const nothing = openSync('/dev/null', 'r+');
  try {
    const more: ('ignore' | number)[] = Array.from({ length: Math.max(...inherited) - 2 }, () => 'ignore');
    for (const fd of inherited) more[fd - 3] = nothing;
    return start(more);
  } finally {
    closeSync(nothing);
  }
}

let inherited: readonly number[] | undefined;

const closedOnExec = 0o2000000;

/** What a program that is started would be given, beyond standard error. Linux tells; elsewhere nothing is known. */
function inheritedNow(): readonly number[] {
  try {
    return readdirSync('/proc/self/fd')
      .map(Number)
      .filter((fd) => fd > 2 && !isClosedOnExec(fd));
  } catch {
    return [];
  }
}

function isClosedOnExec(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
    return (Number.parseInt(flags, 8) & closedOnExec) !== 0;
  } catch {
    // the folder that was being read
    return true;
  }
}
