// What the generated test file calls, inside of a worker of vitest: registers the tests of a library, and says how its targets are reached.
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Connection, isTransport, type Transport } from '@claw-run/core';
import { createIo } from '../io.ts';
import { bindHost } from '../run/bind-host.ts';
import type { Reach } from '../run/bind-targets.ts';
import { answersOf } from '../run/host-reach.ts';
import { kubeconfigChoice } from '../run/kubeconfig.ts';
import { stateFolder } from '../run/state-folder.ts';
import { userAgent } from '../version.ts';
import type { Progress, TrialSettings } from './protocol.ts';

type Module = { readonly [name: string]: unknown };
type ConnectHost = (settings: object) => Promise<Connection<'host'>>;

/** The part of `@claw-run/testing` that is used: of the version that the library has. */
interface Testing {
  readonly describeLibrary?: (load: () => Promise<Module>, options: object) => Promise<void>;
  readonly watchTests?: (
    started: (path: readonly string[], timeout: number) => void,
    ended: () => void,
  ) => void;
}

/** Registers everything that the library at hand is graded by. */
export async function tryLibrary(file: string): Promise<void> {
  const settings = JSON.parse(readFileSync(file, 'utf8')) as TrialSettings;
  const { progress, limitMs, name, cases, ownCases, reserved, units, targets } = settings;
  const tell = (path?: readonly string[], timeout = limitMs) =>
    writeFileSync(
      progress,
      JSON.stringify({ at: Date.now(), timeout, ...(path === undefined ? {} : { path }) } satisfies Progress),
    );
  const { describeLibrary, watchTests } = (await import(pathToFileURL(settings.testing).href)) as Testing;
  if (describeLibrary === undefined || watchTests === undefined)
    throw new Error('@claw-run/testing is too old: npm i -D @claw-run/testing@latest');
  watchTests(tell, () => tell());
  const wanted = units === undefined ? undefined : new Set(units);
  let module: Module = {};
  tell([`module ${name}`, 'can be loaded']);
  await describeLibrary(
    async () => {
      module = (await import(pathToFileURL(settings.module).href)) as Module;
      return module;
    },
    {
      name,
      cases,
      ownCases,
      reserved,
      ...(wanted === undefined ? {} : { units: (unit: string) => wanted.has(unit) }),
      targets: {
        cluster: { connect: () => connectTheCluster(settings), examples: true },
        host:
          targets.host === undefined
            ? { missing: 'no host; --target host=…' }
            : {
                connect: () => connectTheHost(targets.host ?? '', settings, transportsOf(module)),
                examples: targets.host !== 'local',
              },
      },
      transports: Object.fromEntries(
        Object.entries(targets.transports).map(([scheme, address]) => [
          scheme,
          contractOf(address, settings, () => transportsOf(module)),
        ]),
      ),
    },
  );
  tell();
}

function transportsOf(module: Module): readonly Transport[] {
  return Object.values(module).flat().filter(isTransport);
}

async function connectTheCluster({ targets: { cluster }, cwd }: TrialSettings) {
  const { kubeconfig, context } = cluster;
  const { connectCluster } = await import('@claw-run/transports/cluster');
  const reach = { kubeconfig, env: process.env, cwd } as Reach;
  return connectCluster({ ...kubeconfigChoice(reach, context), userAgent });
}

async function connectTheHost(
  where: string,
  { targets, cwd }: TrialSettings,
  transports: readonly Transport[],
  more: Partial<TrialSettings['targets']['ways']> = {},
): Promise<Connection<'host'>> {
  const ways = { ...(where === 'local' ? { lockFolder: targets.locks } : {}), ...targets.ways, ...more };
  const io = { ...createIo(process), canAsk: false };
  const { connection } = await bindHost(where, {
    kubeconfig: targets.kubeconfig,
    env: process.env,
    cwd,
    stateFolder: stateFolder({ io, options: {}, typed: {}, operands: [] }),
    ways,
    answers: answersOf(ways, io, false),
    transports,
  });
  return connection;
}

/** The contract of a transport; the host is looked at from beside by another way, or by connections of its own. */
function contractOf(address: string, settings: TrialSettings, transports: () => readonly Transport[]) {
  const beside = settings.targets.beside ?? address;
  const { sh, close } = shellsOf(() => connectTheHost(beside, settings, transports()));
  return {
    connect: ((more) => connectTheHost(address, settings, transports(), more)) satisfies ConnectHost,
    async world() {
      const [user, uid, sudo, daemon] = await Promise.all(
        ['id -un', 'id -u', 'sudo -n true 2>/dev/null && echo yes || :', 'id -u daemon 2>/dev/null || :'].map(
          async (line) => (await sh(line)).trim(),
        ),
      );
      return {
        sh,
        user,
        sudo: sudo === 'yes',
        ...(uid === '0' && daemon !== '' ? { intruder: 'daemon' } : {}),
      };
    },
    close,
  };
}

/** Shell lines on a host. One that is under way keeps no other waiting: each has a connection to itself. */
function shellsOf(connect: () => Promise<Connection<'host'>>) {
  const open = new Set<Connection<'host'>>();
  const free: Connection<'host'>[] = [];
  return {
    async sh(line: string): Promise<string> {
      const connection = free.pop() ?? (await connect());
      open.add(connection);
      try {
        return await output(connection, line);
      } finally {
        free.push(connection);
      }
    },
    async close(): Promise<void> {
      await Promise.all([...open].map((connection) => connection.close()));
    },
  };
}

async function output(connection: Connection<'host'>, line: string): Promise<string> {
  const { signal } = new AbortController();
  const { exit, stdout, stderr } = (await connection.read(
    { read: 'run', argv: ['sh', '-c', line] },
    { signal },
  )) as { exit: number; stdout: string; stderr: string };
  if (exit !== 0) throw new Error(`${line} exited ${exit} on ${connection.name}: ${stderr.trim()}`);
  return stdout;
}
