import { Readable, Writable } from 'node:stream';
import { ClawError, isObject } from '@claw-run/core';
import type { RawData, WebSocket } from 'ws';
import type { ApiStatus } from '../cluster/status.ts';
import type { Channel, ChannelEnd } from '../host/shell.ts';
import { keepAlive } from './keep-alive.ts';
import type { ExecConnection } from './open-exec.ts';

export interface ExecChannelOptions {
  /** How the place is called in messages. */
  readonly name: string;
  readonly keepAliveSeconds: number;
  /** The error that a failure to start the command stands for. */
  readonly explain: (failure: ApiStatus) => Promise<ClawError>;
}

/** A channel, and how to take leave of it so that the far end knows. */
export interface ExecChannel extends Channel {
  readonly leave: () => void;
}

// Numbers of the remote command protocol: the first byte of each message.
const stdinChannel = 0;
const stdoutChannel = 1;
const stderrChannel = 2;
const errorChannel = 3;
const closeSignal = 255;
const pieceBytes = 32 * 1024;

/**
 * A shell over an open connection in the remote command protocol, version 5 or 4. Version 4 cannot end the standard input alone: the shell is told to exit
 * instead, which is what it does at the end of its input.
 */
export function createExecChannel({ socket, tcp }: ExecConnection, options: ExecChannelOptions): ExecChannel {
  const stdout = output(socket);
  const stderr = output(socket);
  const outputs = [stdout, stderr];
  let ending: Promise<ChannelEnd> | undefined;
  let why = '';
  const drop = (reason: string) => {
    why ||= reason;
    socket.terminate();
  };
  socket.on('error', (error) => drop(error.message));
  socket.on('message', (data) => {
    const bytes = bytesOf(data);
    const rest = bytes.subarray(1);
    if (bytes[0] === stdoutChannel) give(stdout, rest, socket);
    else if (bytes[0] === stderrChannel) give(stderr, rest, socket);
    else if (bytes[0] === errorChannel && rest.length > 0) ending ??= endOf(rest.toString('utf8'), options);
  });
  keepAlive(socket, options.keepAliveSeconds, (seconds) => drop(`it was silent for ${seconds} s`));
  const closed = new Promise<void>((resolve) => {
    socket.once('close', (code, reason) => {
      why ||= `${reason.toString('utf8') || 'it was closed'} (${code})`;
      for (const stream of outputs) stream.push(null);
      resolve();
    });
  }).then(async () => {
    await Promise.all(outputs.map(given));
    return ending ?? dropped(options.name, why);
  });
  socket.resume();
  return {
    stdin: input(socket),
    stdout,
    stderr,
    closed,
    kill: () => {
      for (const stream of outputs) stream.destroy();
      drop('it was given up');
    },
    hold: (busy) => void (busy ? tcp.ref() : tcp.unref()),
    leave: () => {
      why ||= 'it was closed from here';
      socket.close(1000);
    },
  };
}

function input(socket: WebSocket): Writable {
  // that it did not arrive is told by how the channel ends
  const send = (channel: number, bytes: Buffer, sent: () => void) =>
    socket.send(Buffer.concat([Buffer.of(channel), bytes]), () => sent());
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const pieces = Math.ceil(chunk.length / pieceBytes);
      for (let piece = 0; piece < pieces; piece += 1) {
        const bytes = chunk.subarray(piece * pieceBytes, (piece + 1) * pieceBytes);
        send(stdinChannel, bytes, piece === pieces - 1 ? done : () => undefined);
      }
      if (pieces === 0) done();
    },
    final(done) {
      if (socket.protocol.startsWith('v5')) send(closeSignal, Buffer.of(stdinChannel), done);
      else send(stdinChannel, Buffer.from('\nexit\n'), done);
    },
  });
}

function output(socket: WebSocket): Readable {
  return new Readable({ read: () => socket.resume() });
}

function give(stream: Readable, bytes: Buffer, socket: WebSocket): void {
  // an empty message only tells that the connection is made
  if (bytes.length > 0 && !stream.destroyed && !stream.push(bytes)) socket.pause();
}

/** Until whoever reads a stream has all of it. One that nobody reads is not waited for. */
function given(stream: Readable): Promise<void> {
  if (stream.readableFlowing === null || stream.readableEnded || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('end', resolve);
    stream.once('close', resolve);
  });
}

async function endOf(text: string, { explain }: ExecChannelOptions): Promise<ChannelEnd> {
  const status = parsed(text);
  const exit = exitOf(status);
  if (exit !== undefined) return { end: 'exited', exit };
  const { code = 500, reason = '', message = text } = isObject(status) ? status : {};
  const failure = { code: Number(code), reason: String(reason), message: String(message) };
  return { end: 'dropped', error: await explain(failure) };
}

/** The exit status that a Status tells of; nothing where the command was not run. */
function exitOf(status: unknown): number | undefined {
  if (!isObject(status)) return undefined;
  if (status.status === 'Success') return 0;
  if (status.reason !== 'NonZeroExitCode' || !isObject(status.details)) return undefined;
  const causes: readonly unknown[] = Array.isArray(status.details.causes) ? status.details.causes : [];
  const cause = causes.filter(isObject).find(({ reason }) => reason === 'ExitCode');
  return cause === undefined ? undefined : Number(cause.message);
}

function dropped(name: string, why: string): ChannelEnd {
  const error = new ClawError('unreachable', `the connection to ${name} was lost: ${why}`, {
    hint: 'run again: what was not finished is decided by looking at it',
    retryable: true,
  });
  return { end: 'dropped', error };
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
