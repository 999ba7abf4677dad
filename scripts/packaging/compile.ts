import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { packages, root } from './packages.ts';

/** Where all packages are compiled to at once: `.build/core/src/index.js`. */
export const compiled = join(root, '.build');

/** Compiles all packages: modules, declarations, source maps of both. */
export function compile(): void {
  rmSync(compiled, { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the packages do not compile:\n${stdout}${stderr}`);
}

/** Gives each library package its `dist`. */
export function distribute(): void {
  for (const { short, folder } of packages) {
    if (short === 'claw-run') continue;
    const from = join(compiled, short, 'src');
    const dist = join(folder, 'dist');
    rmSync(dist, { recursive: true, force: true });
    for (const name of readdirSync(from, { recursive: true, encoding: 'utf8' }))
      place(join(from, name), join(dist, name));
  }
}

function place(from: string, to: string): void {
  if (!/\.[a-z]+$/.test(from)) return;
  mkdirSync(dirname(to), { recursive: true });
  if (from.endsWith('.map')) writeFileSync(to, moved(readFileSync(from, 'utf8'), dirname(from), dirname(to)));
  else if (from.endsWith('.d.ts')) writeFileSync(to, importingJs(readFileSync(from, 'utf8')));
  else cpSync(from, to);
}

/** A source map at another place: its sources are where they were. */
function moved(map: string, from: string, to: string): string {
  const { sources, ...rest } = JSON.parse(map) as { sources: readonly string[] };
  return JSON.stringify({ ...rest, sources: sources.map((source) => relative(to, resolve(from, source))) });
}

/** The compiler leaves the extensions of source files in declarations. */
function importingJs(declarations: string): string {
  return declarations.replaceAll(/((?:from |import\()(['"])\.{1,2}\/[^'"]+)\.ts\2/g, '$1.js$2');
}
