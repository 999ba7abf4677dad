import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

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
export async function openValidCache(env: NodeJS.ProcessEnv, cwd: string): Promise<ValidCache> {
  const build = await buildId();
  if (build === undefined) return { has: () => Promise.resolve(false), add: () => Promise.resolve() };
  const folder = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'claw-run', 'valid');
  const entryOf = (file: string, content: string) =>
    join(folder, hash(`${build}\n${resolve(cwd, file)}\n${content}`));
  const hashOfFile = async (name: string) => hash(await readFile(resolve(cwd, name), 'utf8'));
  return {
    async has(file) {
      try {
        const entry = await readFile(entryOf(file, await readFile(resolve(cwd, file), 'utf8')), 'utf8');
        const known = Object.entries(JSON.parse(entry) as { [name: string]: string });
        const same = await Promise.all(
          known.map(async ([name, wanted]) => (await hashOfFile(name)) === wanted),
        );
        return same.every(Boolean);
      } catch {
        return false;
      }
    },
    async add(file, sources) {
      try {
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
async function buildId(): Promise<string | undefined> {
  const bundle = fileURLToPath(new URL('../bin.js', import.meta.url));
  return readFile(bundle, 'utf8').then(hash, () => undefined);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
