import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';

/** A command to run for a connection, and which of its streams were asked for. */
export interface ExecRequest {
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly start: () => Promise<ChildProcessWithoutNullStreams>;
}

const [stdinChannel, stdoutChannel, stderrChannel, errorChannel, closeSignal] = [0, 1, 2, 3, 255];
const enough = 1024 * 1024;

/**
 * Serves one command in the remote command protocol (`v4.channel.k8s.io`, `v5.channel.k8s.io`): each message starts with its channel's number, the last
 * one on channel 3 is a Status that tells how the command ended. In version 5, 255 with a number closes that channel.
 */
export function serveExec(ws: WebSocket, request: ExecRequest): void {
  ws.on('error', () => ws.terminate());
  const early: RawData[] = [];
  const keep = (data: RawData) => early.push(data);
  ws.on('message', keep);
  // as a kubelet does, so that the client knows that it is connected
  send(ws, request.stdout ? stdoutChannel : request.stderr ? stderrChannel : errorChannel, Buffer.alloc(0));
  request.start().then(
    (child) => {
      ws.off('message', keep);
      attach(ws, child, request);
      for (const data of early) ws.emit('message', data, true);
    },
    (error: unknown) => finish(ws, { failure: error instanceof Error ? error.message : String(error) }),
  );
}

function attach(ws: WebSocket, child: ChildProcessWithoutNullStreams, request: ExecRequest): void {
  const { stdin, stdout, stderr } = child;
  stdin.on('error', () => {});
  stdin.on('drain', () => ws.resume());
  ws.on('message', (data) => {
    const bytes = bytesOf(data);
    const [channel, closed] = bytes;
    if (channel === stdinChannel) {
      if (!stdin.writableEnded && !stdin.write(bytes.subarray(1))) ws.pause();
    } else if (channel === closeSignal && closed === stdinChannel && ws.protocol.startsWith('v5'))
      stdin.end();
  });
  ws.on('close', () => stdin.end());
  if (!request.stdin || ws.readyState !== ws.OPEN) stdin.end();
  forward(ws, stdout, request.stdout ? stdoutChannel : undefined);
  forward(ws, stderr, request.stderr ? stderrChannel : undefined);
  child.once('error', (error: NodeJS.ErrnoException) => {
    const [file = ''] = request.command;
    const why =
      error.code === 'ENOENT'
        ? `exec: ${JSON.stringify(file)}: executable file not found in $PATH`
        : error.message;
    finish(ws, { failure: `error executing command in container: failed to exec in container: ${why}` });
  });
  child.once('close', (code, signal) => {
    if (child.pid !== undefined) finish(ws, { exit: code ?? 128 + constants.signals[signal ?? 'SIGKILL'] });
  });
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}

function forward(ws: WebSocket, stream: Readable, channel: number | undefined): void {
  stream.on('data', (chunk: Buffer) => {
    if (channel === undefined) return;
    send(ws, channel, chunk, () => stream.resume());
    if (ws.bufferedAmount > enough) stream.pause();
  });
}

function send(ws: WebSocket, channel: number, bytes: Buffer, sent?: () => void): void {
  ws.send(Buffer.concat([Buffer.of(channel), bytes]), () => sent?.());
}

function finish(ws: WebSocket, ending: { readonly exit: number } | { readonly failure: string }): void {
  send(ws, errorChannel, Buffer.from(JSON.stringify(statusOf(ending))));
  ws.close(1000);
}

function statusOf(ending: { readonly exit: number } | { readonly failure: string }) {
  if ('failure' in ending) {
    const message = `Internal error occurred: ${ending.failure}`;
    const details = { causes: [{ message: ending.failure }] };
    return { metadata: {}, status: 'Failure', message, reason: 'InternalError', details, code: 500 };
  }
  if (ending.exit === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${ending.exit}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(ending.exit) }] },
  };
}
