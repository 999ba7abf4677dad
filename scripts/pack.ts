// `npm run pack [FOLDER]`: builds all packages and puts their tarballs into artifacts/, ready to be installed or published.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packages, pnpm, root } from './packaging/packages.ts';

const folder = resolve(process.argv[2] ?? join(root, 'artifacts'));

run(process.execPath, [join(root, 'scripts', 'build.ts')]);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const names = packages.map(({ manifest }) => manifest.name);
run('npx', [
  '--yes',
  pnpm,
  ...names.flatMap((name) => ['--filter', name]),
  'pack',
  '--pack-destination',
  folder,
]);

function run(program: string, words: readonly string[]): void {
  const { status } = spawnSync(program, words, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
}
