// Makes the workspace ready: installs what the lock file says and builds the bin, each only when it is out of date.
// Plain Node.js, version 20 or later; no dependencies, because it is what brings them.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { pnpm } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).config;
const installed = join(root, 'node_modules', '.modules.yaml');
const node = join(root, 'node_modules', 'node', 'bin', 'node');
const bin = join(root, 'packages', 'claw-run', 'dist', 'bin.cjs');

if (needsInstall()) install();
if (needsBuild()) build();

function needsInstall() {
  if (!existsSync(installed) || !existsSync(node)) return true;
  const since = statSync(installed).mtimeMs;
  const manifests = ['packages', '.'].flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(root, folder, entry.name, 'package.json')),
  );
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'].map((name) => join(root, name));
  if (![...files, ...manifests].some((file) => existsSync(file) && statSync(file).mtimeMs > since))
    return false;
  // a checkout touches files without changing them: what was installed says by which lock file
  const current = join(root, 'node_modules', '.pnpm', 'lock.yaml');
  return !existsSync(current) || read(current) !== read(join(root, 'pnpm-lock.yaml'));
}

function install() {
  console.error('Installing dependencies (once; this takes a minute) …');
  const { status, error } = spawnSync(
    'npx',
    ['--yes', pnpm, 'install', '--frozen-lockfile', '--reporter=append-only'],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    },
  );
  if (error !== undefined)
    fail(`npm's npx cannot be started: ${error.message}. Install npm, it comes with Node.js.`);
  if (status !== 0) {
    fail(
      'The dependencies could not be installed. If npm reaches no registry from here, set one it can reach: ' +
        'npm config set registry https://…',
    );
  }
}

function needsBuild() {
  if (!existsSync(bin)) return true;
  const since = statSync(bin).mtimeMs;
  const sources = readdirSync(join(root, 'packages')).flatMap((name) => [
    join(root, 'packages', name, 'src'),
    join(root, 'packages', name, 'package.json'),
  ]);
  return [join(root, 'rolldown.config.ts'), join(root, 'pnpm-lock.yaml'), ...sources].some((path) =>
    newerThan(path, since),
  );
}

function newerThan(path, since) {
  if (!existsSync(path)) return false;
  const stat = statSync(path);
  if (stat.mtimeMs > since) return true;
  return stat.isDirectory() && readdirSync(path).some((name) => newerThan(join(path, name), since));
}

function build() {
  console.error('Building claw-run …');
  const rolldown = join(root, 'node_modules', 'rolldown', 'bin', 'cli.mjs');
  const { status, stdout, stderr } = spawnSync(node, [rolldown, '-c', 'rolldown.config.ts'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) fail(`claw-run could not be built:\n${stdout}${stderr}`);
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
