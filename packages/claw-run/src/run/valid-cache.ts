import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { trustFault } from '@claw-run/engine/trusted-path';

/**
 * Remembers files that were found valid, by the hash of their content, of the files they include, and of this build of claw-run: a file that has not
 * changed need not be compiled again. Nothing but validity is remembered; a file with problems or warnings is always looked at.
 */
export interface ValidCache {
  readonly has: (file: string) => Promise<boolean>;
  readonly add: (file: string, sources: { readonly [name: string]: string }) => Promise<void>;
}

const tooMany = 1000;

/** The cache of this user; one that cannot be read or written is no cache. */
export function openValidCache(env: NodeJS.ProcessEnv, cwd: string): ValidCache {
  const build = buildId();
  if (build === undefined) return { has: () => Promise.resolve(false), add: () => Promise.resolve() };
  const folder = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'claw-run', 'valid');
  const entryOf = (file: string, content: string) =>
    join(folder, hash(`${build}\n${resolve(cwd, file)}\n${content}`));
  const textOf = (name: string) => readFileSync(resolve(cwd, name), 'utf8');
  return {
    async has(file) {
      try {
        if ((await trustFault(folder)) !== undefined) return false;
        const entry = readFileSync(entryOf(file, textOf(file)), 'utf8');
        const known = Object.entries(JSON.parse(entry) as { [name: string]: string });
        return known.every(([name, wanted]) => hash(textOf(name)) === wanted);
      } catch {
        return false;
      }
    },
    async add(file, sources) {
      try {
        if ((await trustFault(folder)) !== undefined) return;
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const entries = await readdir(folder);
        if (entries.length > tooMany)
          await Promise.all(entries.map((name) => rm(join(folder, name), { force: true })));
        const hashes = Object.fromEntries(Object.entries(sources).map(([name, text]) => [name, hash(text)]));
        await writeFile(entryOf(file, sources[file] ?? ''), JSON.stringify(hashes), { mode: 0o600 });
      } catch {
        // the next validation compiles again
      }
    },
  };
}

/** The bundle names its parts by their content, so its own content tells the build. Nothing where claw-run runs from its sources. */
function buildId(): string | undefined {
  try {
    return hash(readFileSync(fileURLToPath(new URL('../bin.cjs', import.meta.url)), 'utf8'));
  } catch {
    return undefined;
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
