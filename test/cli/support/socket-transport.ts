import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { type Channel, type ChannelEnd, ClawError, connectHost, defineTransport } from 'claw-run';

/** What stands before each piece: whose it is, and how long it is. */
const header = 5;
const kinds = { stdout: 1, stderr: 2, exit: 3 } as const;

/** A way to hosts that is as unlike a program as can be: one Unix socket for each shell, with both outputs and the exit status as pieces on it. */
export const socketTransport = defineTransport({
  scheme: 'unix',
  summary: 'A host behind a Unix socket that starts shells',
  async connect(url, { password, ...settings }) {
    const path = decodeURIComponent(url.pathname);
    const word = url.username === '' ? undefined : await password(url.username);
    if (word !== undefined) settings.onSecret(word);
    const open = new Set<Channel>();
    return connectHost({
      ...settings,
      shell: {
        async open({ signal }) {
          const socket = connect(path);
          await once(socket, 'connect', { signal }).catch((error: NodeJS.ErrnoException) => {
            socket.destroy();
            throw new ClawError('unreachable', `nobody answers at ${path}: ${error.code ?? error.name}`, {
              retryable: true,
            });
          });
          socket.write(`${word?.reveal() ?? ''}\n`);
          const channel = channelOver(socket, path);
          open.add(channel);
          void channel.closed.then(() => open.delete(channel));
          return channel;
        },
        async close() {
          for (const channel of open) channel.kill();
        },
      },
    });
  },
  warnings: (url) => (url.searchParams.has('open') ? [`anybody can talk to ${url.pathname}`] : []),
});

function channelOver(socket: Socket, path: string): Channel {
  const outputs = { 1: new PassThrough(), 2: new PassThrough() };
  const { promise: closed, resolve: end } = Promise.withResolvers<ChannelEnd>();
  let rest = Buffer.alloc(0);
  let exit: number | undefined;
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= header && rest.length >= header + rest.readUInt32BE(1)) {
      const kind = rest.readUInt8(0);
      const piece = rest.subarray(header, header + rest.readUInt32BE(1));
      rest = rest.subarray(header + piece.length);
      if (kind === kinds.exit) exit = piece.readUInt8(0);
      else outputs[kind === kinds.stdout ? 1 : 2].write(piece);
    }
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    for (const output of Object.values(outputs)) output.end();
    end(
      exit === undefined
        ? { end: 'dropped', error: new ClawError('unreachable', `${path} hung up`, { retryable: true }) }
        : { end: 'exited', exit },
    );
  });
  return {
    stdin: new Writable({
      write: (chunk, _encoding, done) => void socket.write(chunk, () => done()),
      final: (done) => void socket.end(done),
    }),
    stdout: outputs[1],
    stderr: outputs[2],
    closed,
    kill: () => socket.destroy(),
    hold: (busy) => void (busy ? socket.ref() : socket.unref()),
  };
}

/** Starts the other side: a shell of this machine for each connection whose first line is the word. */
export async function startShells(path: string, { word = '' } = {}): Promise<{ close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('readable', () => {
      const first: unknown = socket.read();
      const text = Buffer.isBuffer(first) ? first : Buffer.alloc(0);
      const line = text.indexOf('\n');
      if (text.subarray(0, line).toString() !== word) {
        socket.destroy();
        return;
      }
      serve(socket, text.subarray(line + 1));
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    async close() {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

function serve(socket: Socket, sent: Buffer): void {
  const shell = spawn('sh', [], { env: { PATH: process.env.PATH }, detached: true });
  const piece = (kind: number, data: Buffer) => {
    const head = Buffer.alloc(header);
    head.writeUInt8(kind, 0);
    head.writeUInt32BE(data.length, 1);
    socket.write(Buffer.concat([head, data]));
  };
  shell.stdout.on('data', (data: Buffer) => piece(kinds.stdout, data));
  shell.stderr.on('data', (data: Buffer) => piece(kinds.stderr, data));
  shell.stdin.on('error', () => {});
  shell.stdin.write(sent);
  socket.pipe(shell.stdin);
  socket.on('close', () => shell.kill('SIGKILL'));
  shell.on('close', (exit) => {
    piece(kinds.exit, Buffer.from([exit ?? 137]));
    socket.end();
  });
}
