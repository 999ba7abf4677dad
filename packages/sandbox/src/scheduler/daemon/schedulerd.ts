import { readFileSync } from 'node:fs';
import {
  createServer as createHttpServer,
  type RequestListener,
  type Server,
  type ServerOptions,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { createAccountCache } from './account-cache.ts';
import { ConfigError, type Listen, parseConfig, type SchedulerConfig } from './config.ts';
import { RequestError, send } from './http.ts';
import { createJobRunner, failInterrupted } from './job-runner.ts';
import { openJobStore } from './job-store.ts';
import type { Log } from './log.ts';
import { lookUpAccount, NssError } from './nss.ts';
import { answer, type Context, DeniedError, endpointOf, type Secrets } from './routes.ts';

export interface SchedulerOptions {
  /** The path of `config.yaml`; keys and passwords are beside it. */
  readonly config: string;
  readonly spool: string;
  readonly log: Log;
  readonly now: () => Date;
  readonly version: string;
  readonly asOneself: boolean;
  /** How long clients may take; see `node:http`. */
  readonly limits?: ServerOptions;
}

export interface Scheduler {
  /** Where it listens, as `127.0.0.1:8080`. */
  readonly addresses: readonly string[];
  /** Forgets what it kept of the name service. */
  flush(): void;
  /** Ends its jobs, which become FAILED, and stops listening. */
  close(): Promise<void>;
}

/** What keeps the scheduler from starting: names the file or the address, and the errno. */
export class StartError extends Error {}

/** Starts the scheduler; it listens when this resolves. @throws StartError */
export async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const { log, now, version, asOneself } = options;
  const config = readConfig(options.config);
  const secrets = readSecrets(dirname(options.config));
  const tls = config.tls && { cert: readText(config.tls.cert), key: readText(config.tls.key) };
  const store = attempt(`use ${options.spool}`, () =>
    openJobStore(options.spool, (file) => log.write('WARNING', `${file} is not a job; it is left as it is`)),
  );
  failInterrupted(store, log, now());
  const runner = createJobRunner({ store, log, now, asOneself });
  const accounts = createAccountCache(lookUpAccount, { ttlSeconds: config.groupCacheSeconds, now });
  const context: Context = { config, startedAt: now(), version, secrets, accounts, store, runner, now };
  const servers: Server[] = [];
  const close = async () => {
    runner.close();
    await Promise.all(servers.map(stop));
  };
  const addresses: string[] = [];
  try {
    for (const where of config.listen) {
      const server = createServer(listenerOf(context, log), { ...limits, ...options.limits }, tls);
      const address = await listen(server, where, log);
      if (address === undefined) continue;
      servers.push(server);
      addresses.push(address);
      log.write('INFO', `Listening on ${address}`);
    }
  } catch (error) {
    await close();
    throw error;
  }
  if (addresses.length === 0) throw new StartError('No address to listen on is left');
  return { addresses, flush: () => accounts.clear(), close };
}

function listenerOf(context: Context, log: Log): RequestListener {
  return async (request, response) => {
    response.on('error', () => {});
    try {
      send(request, response, await answer(context, request));
    } catch (error) {
      if (error instanceof DeniedError) {
        const from = (request.socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '');
        const what = `user ${error.user}, endpoint ${endpointOf(request)}`;
        log.write('WARNING', `Unauthorized access attempt from ${from}: ${what}`);
      }
      if (error instanceof RequestError) return send(request, response, error.answer);
      if (request.destroyed && !request.complete) return; // the client went away
      const message = error instanceof Error ? error.message : String(error);
      log.write('ERROR', `${endpointOf(request)}: ${message}`);
      const status = error instanceof NssError ? 503 : 500;
      send(request, response, { status, body: { error: 'clw-internal', message } });
    }
  };
}

const limits: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
};

function createServer(
  listener: RequestListener,
  limited: ServerOptions,
  tls: { cert: string; key: string } | undefined,
): Server {
  if (tls === undefined) return createHttpServer(limited, listener);
  return attempt('use the certificate of server.tls', () =>
    createHttpsServer({ ...limited, ...tls }, listener),
  );
}

/** Listens; the address as it came out, or undefined where this host has no IPv6 to listen on. */
function listen(server: Server, { host, port }: Listen, log: Log): Promise<string | undefined> {
  const shown = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (host.includes(':') && (error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL')) {
        log.write('WARNING', `Cannot listen on ${shown}: ${error.code}`);
        resolve(undefined);
      } else reject(new StartError(`Cannot listen on ${shown}: ${error.code ?? error.message}`));
    });
    server.listen({ host, port, ipv6Only: host.includes(':') }, () => {
      const { port: real } = server.address() as AddressInfo;
      server.on('error', (error) => log.write('ERROR', `${shown}: ${error.message}`));
      resolve(shown.replace(/\d+$/, String(real)));
    });
  });
}

/** Lets requests under way end for a second, then cuts them off. */
async function stop(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), 1000);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(cut);
}

/** Reads `config.yaml` as a start would. @throws StartError */
export function readConfig(path: string): SchedulerConfig {
  try {
    return parseConfig(readText(path));
  } catch (error) {
    if (error instanceof ConfigError) throw new StartError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}

function readSecrets(folder: string): Secrets {
  const key = readText(join(folder, 'jwt.key')).trim();
  if (key.length < 32) throw new StartError(`${join(folder, 'jwt.key')}: has fewer than 32 characters`);
  const path = join(folder, 'users.yaml');
  const users = attempt(`use ${path}`, () => parse(readText(path)) as unknown) ?? {};
  const isUsers = (value: unknown): value is Record<string, string> =>
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((each) => typeof each === 'string');
  if (!isUsers(users)) throw new StartError(`${path}: is not a mapping of users to password hashes`);
  return {
    key: new TextEncoder().encode(key),
    adminToken: readText(join(folder, 'admin.token')).trim(),
    users,
  };
}

function readText(path: string): string {
  return attempt(`read ${path}`, () => readFileSync(path, 'utf8'));
}

function attempt<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof StartError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new StartError(`Cannot ${what}: ${code ?? message}`, { cause: error });
  }
}
