import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type ExecRequest, serveExec } from './exec-channels.ts';

/** A container that runs, as far as commands in it need to know it. */
export interface ExecContainer {
  /** Of this run of the container: it has another once it was started again. */
  readonly id: string;
  readonly hostname: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What became of a request to run a command: the container, or why it cannot. */
export type FoundContainer = ExecContainer | Refusal;

/** Finds a container that runs. */
export type FindContainer = (target: {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}) => FoundContainer;

/** A kubelet's `/exec/NAMESPACE/POD/CONTAINER` over WebSocket. */
export interface ExecEndpoint {
  /** Takes over the connection of an upgrade request. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** The container has ended: so do its commands, and its folder goes. */
  forget(containerId: string): void;
  close(): Promise<void>;
}

interface Refusal {
  readonly code: number;
  readonly message: string;
}

interface Asked extends Omit<ExecRequest, 'start'> {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

interface Room {
  readonly folder: Promise<string>;
  readonly running: Set<ChildProcess>;
}

const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/**
 * Runs commands for containers, each as a process of this machine's in a private folder of its container's, with no more of the environment than PATH and
 * what the pod sets. It is no container: the command sees the machine's files, with the rights of whoever runs the stand-in.
 */
export function createExecEndpoint(find: FindContainer): ExecEndpoint {
  const server = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => protocols.find((protocol) => offered.has(protocol)) ?? false,
  });
  const rooms = new Map<string, Room>();
  const root = once(() => mkdtemp(join(tmpdir(), 'claw-run-containers-')));
  const leaving = new Set<Promise<void>>();

  const roomOf = (id: string): Room => {
    const known = rooms.get(id);
    if (known !== undefined) return known;
    const folder = root.get().then(async (parent) => {
      const path = join(parent, id.replaceAll(/[^A-Za-z0-9]/g, '-'));
      await mkdir(path, { mode: 0o700 });
      return path;
    });
    const made = { folder, running: new Set<ChildProcess>() };
    rooms.set(id, made);
    return made;
  };

  const start = async (container: ExecContainer, [file = '', ...args]: readonly string[]) => {
    const room = roomOf(container.id);
    const cwd = await room.folder;
    if (rooms.get(container.id) !== room) throw new Error('the container has ended');
    const child = spawn(file, args, {
      cwd,
      env: {
        PATH: process.env.PATH,
        HOME: cwd,
        TMPDIR: cwd,
        HOSTNAME: container.hostname,
        ...container.env,
      },
      detached: true,
    });
    if (child.pid !== undefined) {
      room.running.add(child);
      child.once('close', () => room.running.delete(child));
    }
    return child;
  };

  const forget = (id: string) => {
    const room = rooms.get(id);
    if (room === undefined) return;
    rooms.delete(id);
    for (const child of room.running) killGroup(child);
    const gone = room.folder
      .then((folder) => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
      .finally(() => leaving.delete(gone));
    leaving.add(gone);
  };

  return {
    upgrade(request, socket, head) {
      const asked = parseRequest(request);
      if ('message' in asked) return refuseUpgrade(socket, asked);
      const found = find(asked);
      if ('message' in found) return refuseUpgrade(socket, found);
      server.handleUpgrade(request, socket, head, (ws) =>
        serveExec(ws, { ...asked, start: () => start(found, asked.command) }),
      );
    },
    forget,
    async close() {
      for (const id of [...rooms.keys()]) forget(id);
      for (const ws of server.clients) ws.terminate();
      await Promise.all(leaving);
      if (root.made) await rm(await root.get(), { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function parseRequest(request: IncomingMessage): Asked | Refusal {
  const url = new URL(request.url ?? '/', 'https://node');
  const [, root, namespace, pod, container] = url.pathname.split('/').map(decodeURIComponent);
  if (root !== 'exec' || !namespace || !pod || !container)
    return { code: 404, message: '404 page not found' };
  if (request.headers.upgrade?.toLowerCase() !== 'websocket')
    return { code: 400, message: 'this node takes commands over WebSocket only' };
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
  if (!protocols.some((protocol) => offered.includes(protocol)))
    return { code: 400, message: `this node speaks ${protocols.join(' and ')}` };
  const has = (key: string) => ['1', 'true'].includes(url.searchParams.get(key) ?? '');
  if (has('tty')) return { code: 400, message: 'this node has no terminals: run the command without --tty' };
  const command = url.searchParams.getAll('command');
  if (command.length === 0) return { code: 400, message: 'no command was given' };
  return {
    namespace,
    pod,
    container,
    command,
    stdin: has('input'),
    stdout: has('output'),
    stderr: has('error'),
  };
}

/** Commands lead a group of their own: what they have started goes with them. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Answers an upgrade request with an error. */
export function refuseUpgrade(socket: Duplex, { code, message }: Refusal): void {
  const head = [
    `HTTP/1.1 ${code} Refused`,
    'content-type: text/plain',
    `content-length: ${Buffer.byteLength(message)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${message}`);
}

function once<T>(make: () => Promise<T>) {
  let made: Promise<T> | undefined;
  return {
    get made() {
      return made !== undefined;
    },
    get() {
      made ??= make();
      return made;
    },
  };
}
