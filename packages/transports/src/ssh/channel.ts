import { constants } from 'node:os';
import { Writable } from 'node:stream';
import { type Argv, ClawError } from '@claw-run/core';
import type { ClientChannel } from 'ssh2';
import { quoted } from '../host/quote.ts';
import { type Channel, type ChannelEnd, defaultShell } from '../host/shell.ts';
import { dropped } from './connection-error.ts';
import type { Hop } from './hop.ts';

/** Starts a shell on a host that we are logged in to. */
export function startShell(hop: Hop, sh: Argv = defaultShell): Promise<Channel> {
  return new Promise((resolve, reject) => {
    try {
      hop.client.exec(quoted(sh), (error, channel) => {
        if (error) reject(noSession(error, hop));
        else resolve(channelOf(channel, hop));
      });
    } catch (error) {
      // ssh2 throws where the connection is gone and it has not told yet.
      reject(dropped(hop.label, 'it ended just before a shell was to be started', error));
    }
  });
}

function noSession(error: Error, hop: Hop): ClawError {
  if (/Channel open failure/.test(error.message))
    return new ClawError('unreachable', `${hop.label} refuses a further session: ${error.message}`, {
      cause: error,
      hint: 'MaxSessions in its sshd_config may be too low, or the account may not have a shell',
    });
  if (/Unable to exec/.test(error.message))
    return new ClawError('forbidden', `${hop.label} does not let us run a shell`, {
      cause: error,
      hint: 'the account, or a ForceCommand in sshd_config, allows something else only',
    });
  return dropped(hop.label, error.message, error);
}

function channelOf(stream: ClientChannel, hop: Hop): Channel {
  const { promise: closed, resolve: settle } = Promise.withResolvers<ChannelEnd>();
  let exit: number | undefined;
  let over = false;
  stream.on('error', () => undefined);
  stream.stderr.on('error', () => undefined);
  stream.once('exit', (code: number | null, signal?: string) => {
    exit = code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
  });
  const ended = Promise.all([closeOf(stream), closeOf(stream.stderr)]);
  void ended.then(async () => {
    over = true;
    if (exit !== undefined) settle({ end: 'exited', exit });
    else settle({ end: 'dropped', error: await reasonFor(hop) });
  });
  return {
    stdin: stdinOf(stream, () => over),
    stdout: stream,
    stderr: stream.stderr,
    closed,
    holdsBack: true,
    kill() {
      if (over) return;
      over = true;
      settle({ end: 'dropped', error: dropped(hop.label, 'it was given up') });
      stream.resume();
      stream.stderr.resume();
      attempt(() => stream.close());
    },
  };
}

/** Why a channel ended without saying how: the connection is gone, or the server closed the channel alone. */
function reasonFor(hop: Hop): Promise<ClawError> {
  const alone = dropped(hop.label, 'the server closed the session');
  return Promise.race([hop.lost, new Promise<ClawError>((resolve) => setImmediate(resolve, alone))]);
}

function closeOf(stream: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('close', resolve);
  });
}

/** What is written after the end goes nowhere: ssh2 would throw. */
function stdinOf(stream: ClientChannel, isOver: () => boolean): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (isOver() || !attempt(() => stream.write(chunk, () => done()))) done();
    },
    final(done) {
      if (!isOver()) attempt(() => stream.end());
      done();
    },
  });
}

function attempt(what: () => unknown): boolean {
  try {
    what();
    return true;
  } catch {
    return false;
  }
}
