import { readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assertTrusted } from '@claw-run/engine/trusted-path';
import { UsageError } from '../cli/usage-error.ts';
import { ownersOf } from '../run/state-folder.ts';
import { entryOf, findManifest } from './find-library.ts';

/** What tries a library: the packages that it has for its own tests, never any of claw-run's. */
export interface Peers {
  readonly testing: Peer;
  readonly vitest: Peer;
}

interface Peer {
  readonly version: string;
  /** What is imported, absolute. */
  readonly module: string;
}

/** Finds them as the library itself would. @throws UsageError where one is missing, ClawError `untrusted` */
export async function findPeers(module: string): Promise<Peers> {
  const from = await realpath(module);
  const testing = await peer('@claw-run/testing', [from, module]);
  // it is the one beside which tests are registered
  const vitest = await peer(
    'vitest',
    [...(testing === undefined ? [] : [testing.module]), from, module],
    './node',
  );
  const missing = [
    ...(testing === undefined ? ['@claw-run/testing'] : []),
    ...(vitest === undefined ? ['vitest'] : []),
  ];
  if (testing === undefined || vitest === undefined)
    throw new UsageError(
      `${missing.join(' and ')} cannot be found from ${dirname(module)}: the library is tried with its own`,
      `npm i -D ${missing.join(' ')}`,
    );
  if (Number.parseInt(vitest.version, 10) < 4)
    throw new UsageError(
      `vitest ${vitest.version} of the library is too old; it takes 4.1 or newer`,
      'npm i -D vitest@latest',
    );
  return { testing, vitest };
}

async function peer(name: string, from: readonly string[], below = '.'): Promise<Peer | undefined> {
  const manifest = from.map((file) => findManifest(name, file)).find((each) => each !== undefined);
  if (manifest === undefined) return undefined;
  const folder = dirname(manifest);
  for (const path of new Set([manifest, await realpath(manifest)]))
    await assertTrusted(path, name, {
      owners: ownersOf(process.env),
      instead: `install it in a folder of your own: npm i -D ${name}`,
    });
  const module = await entryOf(folder, below);
  if (module === undefined) return undefined;
  const { version = '?' } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    version?: string;
  };
  return { version, module: await realpath(module).catch(() => module) };
}
