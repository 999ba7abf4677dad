import { spawn } from 'node:child_process';
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { childEnv } from '../host/child-env.ts';
import type { HopSettings } from './settings.ts';

/** A way for bytes to the SSH server of a host, not encrypted yet. */
export interface Line {
  readonly stream: Duplex;
  /** Settles when the server can be spoken to; rejects with the error of the network. */
  readonly connected: Promise<void>;
  /** Sends what is still to be sent and lets go. */
  readonly end: () => void;
}

/** Straight over TCP, through the host before it, or by the `ProxyCommand`. */
export function dial(
  settings: HopSettings,
  through: Client | undefined,
  env: NodeJS.ProcessEnv,
): Promise<Line> {
  if (through !== undefined) return forwarded(settings, through);
  return Promise.resolve(
    settings.proxyCommand === undefined ? direct(settings) : byCommand(settings.proxyCommand, env),
  );
}

function direct({ host, port, family, localAddress }: HopSettings): Line {
  const socket = connectTcp({ host, port, family, ...(localAddress === undefined ? {} : { localAddress }) });
  // Requests are small and wait for their answers: holding them back would cost 40 ms each.
  socket.setNoDelay(true);
  joinWrites(socket);
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject);
  });
  return { stream: socket, connected, end: () => socket.destroySoon() };
}

/** ssh2 writes a packet in three pieces. With this, what is written in one turn of the event loop leaves as one segment. */
function joinWrites(socket: Socket): void {
  let held = false;
  // Not by a subclass: `connect` puts the method of Socket back.
  socket.write = new Proxy(socket.write, {
    apply(write, self, args) {
      if (!held) {
        held = true;
        socket.cork();
        process.nextTick(() => {
          held = false;
          socket.uncork();
        });
      }
      return Reflect.apply(write, self, args);
    },
  });
}

function forwarded({ host, port }: HopSettings, through: Client): Promise<Line> {
  return new Promise((resolve, reject) => {
    through.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
      if (error) reject(error);
      else resolve({ stream, connected: Promise.resolve(), end: () => stream.close() });
    });
  });
}

const toldLimit = 500;

/** As OpenSSH: `exec` of the command in the user's shell. Without a terminal of its own, so that nothing it asks can be waited for. */
function byCommand({ command, at }: { command: string; at: string }, env: NodeJS.ProcessEnv): Line {
  const child = spawn(env.SHELL || '/bin/sh', ['-c', `exec ${command}`], {
    env: childEnv(env, { ssh: true }),
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told = (told + text).slice(-toldLimit);
  });
  const stream = new Duplex({
    read: () => void child.stdout.resume(),
    write: (data, _encoding, done) => void child.stdin.write(data, done),
    final: (done) => void child.stdin.end(done),
    destroy(error, done) {
      child.kill();
      done(error);
    },
  });
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (data) => stream.push(data) || child.stdout.pause());
  child.stdout.once('end', () => stream.push(null));
  const connected = new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    stream.on('error', reject);
  });
  child.once('error', (error) => stream.destroy(error));
  child.once('close', (code) => {
    const last = told.trim().split('\n').at(-1) ?? '';
    if (code !== 0 && code !== null)
      stream.destroy(new Error(`the ProxyCommand of ${at} exited ${code}${last === '' ? '' : `: ${last}`}`));
  });
  return { stream, connected, end: () => stream.destroy() };
}
