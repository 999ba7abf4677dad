import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A package of others that one of ours has inside, or installs. */
export interface ThirdParty {
  readonly name: string;
  readonly version: string;
  readonly manifest: object;
  readonly license: string;
  /** The texts of its licence and notices, as it ships them. */
  readonly texts: readonly string[];
}

interface Found {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string | { readonly type?: string };
  readonly licenses?: readonly { readonly type?: string }[];
  readonly dependencies?: { readonly [name: string]: string };
}

/** The packages that modules are of. @throws Error for one without a licence */
export function packagesOf(modules: readonly string[]): readonly ThirdParty[] {
  return sorted(modules.map((file) => read(folderOf(file))));
}

/** The packages that are installed with one: what it depends on, and so on. */
export function installedWith(folder: string, dependencies: readonly string[]): readonly ThirdParty[] {
  const seen = new Map<string, ThirdParty>();
  const add = (from: string, names: readonly string[]) => {
    for (const name of names) {
      const found = realpathSync(lookFor(name, from));
      if (seen.has(found)) continue;
      seen.set(found, read(found));
      add(found, Object.keys(manifestIn(found).dependencies ?? {}));
    }
  };
  add(folder, dependencies);
  return sorted([...seen.values()]);
}

/** What must stand beside a bundle: whose work is in it, and under which terms. */
export function notices(parties: readonly ThirdParty[], title: string): string {
  const entries = parties.map(
    ({ name, version, license, texts }) =>
      `${'='.repeat(78)}\n${name} ${version}\n${license}\n${'-'.repeat(78)}\n${texts.join('\n\n')}\n`,
  );
  return `${title}\n\n${entries.join('\n')}`;
}

function sorted(parties: readonly ThirdParty[]): readonly ThirdParty[] {
  const byName = new Map(parties.map((one) => [`${one.name}@${one.version}`, one]));
  return [...byName.values()].sort((a, b) =>
    `${a.name}@${a.version}`.localeCompare(`${b.name}@${b.version}`),
  );
}

function folderOf(file: string): string {
  for (let at = dirname(file.replace(/[?#].*$/, '')); at !== dirname(at); at = dirname(at)) {
    const { name, version } = manifestIn(at);
    if (name !== undefined && version !== undefined) return at;
  }
  throw new Error(`${file} is in no package`);
}

function lookFor(name: string, from: string): string {
  for (let at = from; at !== dirname(at); at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
  }
  throw new Error(`${name} is not installed for ${from}`);
}

function manifestIn(folder: string): Found {
  const file = join(folder, 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Found) : {};
}

function read(folder: string): ThirdParty {
  const manifest = manifestIn(folder);
  const { name = '', version = '' } = manifest;
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|copying|notice)([.-]|$)/i.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  const license = licenseOf(manifest);
  if (license === undefined && texts.length === 0) throw new Error(`${name} ${version} has no licence`);
  return { name, version, manifest, license: license ?? 'see below', texts };
}

function licenseOf({ license, licenses }: Found): string | undefined {
  if (typeof license === 'string') return license;
  return license?.type ?? licenses?.map(({ type }) => type).join(' OR ');
}
