import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

type Names = { readonly [name: string]: string };

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly exports: { readonly [subpath: string]: string };
  readonly dependencies?: Names;
  readonly peerDependencies?: Names;
  readonly publishConfig: { readonly exports: { readonly [subpath: string]: unknown } };
}

/** A package of this workspace that is published. */
export interface Package {
  /** The name of its folder: `core`. */
  readonly short: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

/** The package manager of the workspace, with its version, as npx takes it. */
export const { pnpm } = (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly config: { readonly pnpm: string };
  }
).config;

/** Every published package, each after those that it depends on. */
export const packages: readonly Package[] = inOrder(
  readdirSync(join(root, 'packages')).map((short) => {
    const folder = join(root, 'packages', short);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    return { short, folder, manifest };
  }),
);

/** The package whose tarball holds the command line, with all the others inside. */
export const cli = packages.find(({ short }) => short === 'claw-run') as Package;

function inOrder(all: readonly Package[]): readonly Package[] {
  const done = new Set<Package>();
  const add = (one: Package) => {
    for (const name of Object.keys(one.manifest.dependencies ?? {})) {
      const needed = all.find(({ manifest }) => manifest.name === name);
      if (needed !== undefined) add(needed);
    }
    done.add(one);
  };
  all.forEach(add);
  return [...done];
}
