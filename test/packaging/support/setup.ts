import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { root } from '../../support/programs.ts';
import { call, npm } from './call.ts';
import { startRegistry } from './registry.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The registry that has the packages of this workspace. */
    registry: string;
    /** Where the registry gets the packages of others. */
    upstream: string;
    /** One cache of package managers for all: what comes from elsewhere comes once. */
    cache: string;
    /** The tarballs, as `npm run pack` makes them. */
    tarballs: readonly string[];
    /** Programs of Node.js, by what they are: the oldest that is supported, the one of this workspace, the newest. */
    nodes: { readonly [which: string]: string };
  }
}

/** Makes the tarballs, puts them into a registry on this machine, and brings the versions of Node.js that they are tried on. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'claw-run-packaging-'));
  const upstream = (await call(process.execPath, [npm, 'config', 'get', 'registry'])).stdout.trim();
  const registry = await startRegistry(upstream);
  const artifacts = join(folder, 'artifacts');
  const nodes = join(folder, 'nodes');
  mkdirSync(nodes);
  writeFileSync(join(nodes, 'package.json'), '{}');
  const binary = `node-${process.platform}-${process.arch}`;
  const versions = { oldest: '22.19.0', newest: 'latest' };
  const wanted = Object.entries(versions).map(([which, version]) => `${which}@npm:${binary}@${version}`);
  await Promise.all([
    call(process.execPath, [join(root, 'scripts', 'pack.ts'), artifacts]),
    call(process.execPath, [npm, 'install', '--no-audit', '--no-fund', ...wanted], { cwd: nodes }),
  ]);
  const tarballs = readdirSync(artifacts).map((name) => join(artifacts, name));
  for (const tarball of tarballs) await registry.add(tarball);
  project.provide('cache', join(folder, 'cache'));
  project.provide('registry', registry.url);
  project.provide('upstream', upstream);
  project.provide('tarballs', tarballs);
  project.provide('nodes', {
    ...Object.fromEntries(
      Object.keys(versions).map((which) => [which, join(nodes, 'node_modules', which, 'bin', 'node')]),
    ),
    ours: process.execPath,
  });
  return async () => {
    await registry.close();
    rmSync(folder, { recursive: true, force: true });
  };
}
