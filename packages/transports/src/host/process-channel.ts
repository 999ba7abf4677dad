import type { Readable, Writable } from 'node:stream';
import { withoutInherited } from './inherited.ts';
import type { Channel, ChannelEnd } from './shell.ts';

/** How a program of this machine ended. */
export interface ProgramEnd {
  /** Nothing where a signal ended it, or where it could not be started. */
  readonly exit: number | undefined;
  /** Why it could not be started. */
  readonly notStarted: string | undefined;
  /** The last that it said. */
  readonly stderr: string;
}

/** A program of this machine as a channel; `endOf` tells what its end means. Where it is given up, what it started ends with it `asGroup`. */
export async function processChannel(
  [file, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
  endOf: (end: ProgramEnd) => ChannelEnd,
  { asGroup = false }: { readonly asGroup?: boolean } = {},
): Promise<Channel> {
  // loaded with the first program: a library that is imported need not bring it
  const { execa } = await import('execa');
  // a process group of its own, so that an interrupt from the keyboard does not end what runs half-way
  const child = withoutInherited((more) =>
    execa(file, args, {
      env,
      extendEnv: false,
      reject: false,
      buffer: false,
      detached: true,
      cleanup: true,
      // descriptors are taken here too, though the types do not say so
      stdio: ['pipe', 'pipe', 'pipe', ...(more as 'ignore'[])],
    }),
  );
  const { stdin, stdout, stderr } = child;
  let said = '';
  stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-4000);
  });
  const closed = child.then(({ exitCode, code, originalMessage }) =>
    endOf({
      exit: exitCode,
      notStarted: child.pid === undefined ? (originalMessage ?? code ?? 'no reason was given') : undefined,
      stderr: said,
    }),
  );
  return {
    stdin,
    stdout,
    stderr,
    closed,
    kill() {
      if (asGroup) endGroup(child.pid);
      child.kill('SIGKILL');
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
    },
    hold(busy) {
      for (const held of [child, stdin, stdout, stderr]) holdOpen(held, busy);
    },
  };
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // none of it is left
  }
}

/** Sockets and processes keep Node alive unless told otherwise; the types of streams do not say so. */
function holdOpen(held: object | Readable | Writable, busy: boolean): void {
  const name = busy ? 'ref' : 'unref';
  const method: unknown = Reflect.get(held, name);
  if (typeof method === 'function') method.call(held);
}
