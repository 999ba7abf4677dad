import { ClawError } from '@claw-run/core';
import type { Client, ClientErrorExtensions, ConnectConfig } from 'ssh2';
import { algorithmsFor } from './algorithms.ts';
import type { Ask } from './ask.ts';
import { attemptsFor } from './attempts.ts';
import { connectionError, dropped, type FailedPlace, type Stage, tooLate } from './connection-error.ts';
import { dial, type Line } from './dial.ts';
import { judgeHostKey, orderHostKeyAlgorithms } from './host-key.ts';
import { type KnownHost, lookUpHost } from './known-hosts.ts';
import { readRevokedKeys } from './revoked-keys.ts';
import type { HopSettings } from './settings.ts';
import { type SignIn, signIn } from './sign-in.ts';
import { type Stopwatch, startStopwatch } from './stopwatch.ts';

/** A host that we are logged in to. */
export interface Hop {
  readonly client: Client;
  /** How messages call it. */
  readonly label: string;
  /** Settles when the connection is gone, whoever ended it. */
  readonly lost: Promise<ClawError>;
  readonly end: () => void;
}

export interface HopOptions {
  readonly settings: HopSettings;
  readonly label: string;
  /** The host that is jumped from. */
  readonly through?: Client | undefined;
  readonly ask: Ask;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Connects and logs in, or fails in words for people and leaves nothing open. */
export async function openHop(options: HopOptions): Promise<Hop> {
  const { settings, label, signal } = options;
  const { host, port, connectSeconds } = settings;
  signal.throwIfAborted();
  const progress: Progress = { stage: 'connect' };
  const place = (): FailedPlace => ({
    label,
    host,
    port,
    stage: progress.stage,
    said: progress.said,
  });
  const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
  const watch = startStopwatch(connectSeconds, () => giveUp(tooLate(place(), connectSeconds)));
  const abort = () => giveUp(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const connecting = connect(options, { progress, watch, place });
  try {
    return await Promise.race([connecting, givenUp]);
  } catch (error) {
    progress.line?.end();
    progress.line?.stream.destroy();
    // It may still come to stand after we have given up.
    connecting.then((hop) => hop.end()).catch(() => undefined);
    throw error === signal.reason || error instanceof ClawError ? error : connectionError(error, place());
  } finally {
    watch.stop();
    signal.removeEventListener('abort', abort);
  }
}

const farewellMs = 500;

interface Progress {
  stage: Stage;
  line?: Line;
  said?: string;
}

interface Connecting {
  readonly progress: Progress;
  readonly watch: Stopwatch;
  readonly place: () => FailedPlace;
}

async function connect(options: HopOptions, { progress, watch, place }: Connecting): Promise<Hop> {
  const { settings, label, ask } = options;
  const dialling = dial(settings, options.through, options.env).then(async (line) => {
    progress.line = line;
    await line.connected;
    progress.stage = 'greeting';
    return line;
  });
  dialling.catch(() => undefined);
  const ssh2 = await import('ssh2');
  const name = { host: settings.host, port: settings.port, alias: settings.hostKeyAlias };
  const known = lookUpHost(settings.knownHosts, name);
  const elsewhere = lookUpHost(settings.revoking, name);
  const revoked = [
    ...settings.revokedKeys.flatMap(({ path, at }) => readRevokedKeys(path, at)),
    ...elsewhere.keys.filter(({ mark }) => mark === 'revoked'),
  ];
  const attempts = await attemptsFor(settings, ask, ssh2.default);
  const account = `${settings.user}@${settings.alias}`;
  const signing = signIn({ ...attempts, user: settings.user, account, ask, hold: watch.hold });
  const line = await dialling;
  const client = new ssh2.default.Client();
  return await new Promise((resolve, reject) => {
    let last: unknown;
    let refused: ClawError | undefined;
    const lost = Promise.withResolvers<ClawError>();
    const hop: Hop = {
      client,
      label,
      lost: lost.promise,
      end() {
        client.end();
        line.end();
        // on a line where no packet comes back, what is still to be sent would keep it open
        setTimeout(() => line.stream.destroy(), farewellMs).unref();
      },
    };
    client
      .on('banner', (text: string) => signing.banner(text))
      .on('handshake', () => {
        progress.stage = progress.stage === 'ready' ? 'ready' : 'sign-in';
      })
      .on('ready', () => {
        progress.stage = 'ready';
        resolve(hop);
      })
      .on('error', (error: Error & ClientErrorExtensions) => {
        if (error.level === 'agent') signing.note(`failed: ${error.message}`);
        else {
          last ??= error;
          reject(refused ?? failure(error, { place: place(), signing }));
        }
      })
      .on('close', () => {
        const why =
          last === undefined ? dropped(label, 'the server ended it') : connectionError(last, place());
        lost.resolve(why);
        reject(refused ?? failure(new Error('the server ended it'), { place: place(), signing }));
      });
    const judge = (key: Buffer) => {
      refused = judgeHostKey(key, {
        label,
        host: settings.host,
        port: settings.port,
        alias: settings.hostKeyAlias,
        files: settings.knownHosts,
        known: { ...known, revoking: [...known.revoking, ...elsewhere.revoking] },
        laxer: settings.laxer,
        revoked,
        requiredRsa: settings.requiredRsa,
      });
      return refused === undefined;
    };
    client.connect(configFor(settings, { line, signing, known, judge }));
    line.stream.once('data', (data: Buffer) => {
      progress.said = data.toString('latin1', 0, 80).split(/[\r\n]/)[0] ?? '';
      if (progress.stage === 'greeting') progress.stage = 'handshake';
    });
  });
}

function failure(
  error: Error & Partial<ClientErrorExtensions>,
  { place, signing }: { place: FailedPlace; signing: SignIn },
): ClawError {
  if (place.stage !== 'sign-in') return connectionError(error, place);
  // The reason that the server gives when it hangs up, such as too many attempts.
  if (error.level !== 'client-authentication') signing.note(`made the server hang up (${error.message})`);
  return signing.failure();
}

function configFor(
  settings: HopSettings,
  from: { line: Line; signing: SignIn; known: KnownHost; judge: (key: Buffer) => boolean },
): ConnectConfig {
  const { algorithms } = settings;
  const hostKeys = orderHostKeyAlgorithms(
    algorithmsFor('serverHostKey', algorithms.serverHostKey),
    from.known,
  );
  // The types of ssh2 name each algorithm; ours come from its own list, or from the user's file.
  const offered = {
    kex: algorithmsFor('kex', algorithms.kex),
    cipher: algorithmsFor('cipher', algorithms.cipher),
    hmac: algorithmsFor('hmac', algorithms.hmac),
    serverHostKey: hostKeys,
    compress: ['none'],
  } as NonNullable<ConnectConfig['algorithms']>;
  return {
    sock: from.line.stream,
    username: settings.user,
    authHandler: from.signing.handler,
    hostVerifier: from.judge,
    algorithms: offered,
    keepaliveInterval: settings.aliveSeconds * 1000,
    keepaliveCountMax: settings.aliveCount,
    // Our own clock runs, which stands still while a person is asked.
    readyTimeout: 0,
  };
}
