import { writeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { type FaultInProcess, faultVariable, metDescriptor, signals } from './fault-in-process.ts';

/*
 * Loaded into a process of claw-run before all else (node --require): has it meet a fault at a record of its journal. What it changes is what Node.js gives
 * to everybody; claw-run itself knows nothing of it.
 */

const { kind, place }: FaultInProcess = JSON.parse(process.env[faultVariable] ?? '{}');
delete process.env[faultVariable];

const promises = createRequire(import.meta.url)('node:fs/promises') as {
  open: (path: unknown, ...rest: unknown[]) => Promise<FileHandle>;
};

let records = 0;
let diskFault: string | undefined;

const plainOpen = promises.open;
promises.open = async (path, ...rest) => {
  const handle = await plainOpen(path, ...rest);
  return /\/runs\/[^/]+\/(journal|sealed)\.jsonl$/.test(String(path))
    ? watched(handle, String(path))
    : handle;
};

function watched(handle: FileHandle, path: string): FileHandle {
  const isJournal = path.endsWith('journal.jsonl');
  const write = handle.write.bind(handle) as (...args: unknown[]) => Promise<{ bytesWritten: number }>;
  const faulty = async (bytes: Buffer, offset = 0, length = bytes.length - offset, position?: number) => {
    const isRecord = isJournal && bytes[offset + length - 1] === 0x0a;
    const isHere = isRecord && ++records === place.at && place.of === 'record';
    if (isHere && !place.after) await meet();
    if (diskFault !== undefined) {
      if (kind === 'disk-short' && isHere) return write(bytes, offset, length >> 1, position);
      throw Object.assign(new Error(`${diskFault}: write`), { code: diskFault, syscall: 'write' });
    }
    const written = await write(bytes, offset, length, position);
    if (isHere && place.after) await meet();
    return written;
  };
  Object.defineProperty(handle, 'write', { value: faulty });
  return handle;
}

/** The fault happens. */
async function meet(): Promise<void> {
  writeSync(metDescriptor, '!');
  const signal = signals[kind];
  if (signal !== undefined) {
    process.kill(process.pid, signal);
    // a signal is taken when the event loop turns
    await new Promise((resolve) => setImmediate(resolve));
  } else if (kind === 'cut') cutConnections();
  else if (kind === 'clock-ahead') moveClock(3_600_000);
  else if (kind === 'clock-back') moveClock(-3_600_000);
  else diskFault = diskFaults[kind];
}

const diskFaults: { readonly [kind: string]: string } = {
  'disk-full': 'ENOSPC',
  'disk-short': 'ENOSPC',
  'disk-fails': 'EIO',
  'disk-read-only': 'EROFS',
};

const children = new Set<{ kill: (signal: NodeJS.Signals) => unknown }>();
const sockets = new Set<Socket>();

if (kind === 'cut') {
  const connect = Socket.prototype.connect as (...args: unknown[]) => Socket;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    sockets.add(this);
    this.once('close', () => sockets.delete(this));
    return connect.apply(this, args);
  } as typeof Socket.prototype.connect;
  const processes = createRequire(import.meta.url)('node:child_process') as {
    spawn: (...args: unknown[]) => {
      kill: (signal: NodeJS.Signals) => unknown;
      once: (event: 'exit', heard: () => void) => void;
    };
  };
  const spawn = processes.spawn;
  processes.spawn = (...args) => {
    const child = spawn(...args);
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
}

/** What leads out of the process: its sockets, and the programs that it talks through. */
function cutConnections(): void {
  for (const socket of sockets) socket.destroy();
  for (const child of children) child.kill('SIGKILL');
}

function moveClock(byMs: number): void {
  const PlainDate = Date;
  const moved = () => PlainDate.now() + byMs;
  globalThis.Date = new Proxy(PlainDate, {
    construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [moved()] : args, self),
    get: (target, name) => (name === 'now' ? moved : Reflect.get(target, name)),
  });
}
