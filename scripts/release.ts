// `npm run release VERSION [-- --dry-run] [--no-provenance]`: sets the version of all packages, cuts the changelog, makes the tarballs, tags, and publishes.
// A dry run does all of that in a copy and publishes nothing. Called again after it was cut short, it publishes what is missing.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Package, packages, root } from './packaging/packages.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'dry-run': { type: 'boolean' }, 'no-provenance': { type: 'boolean' } },
});
const [version = ''] = positionals;
const tag = `v${version}`;
const changelog = join(root, 'CHANGELOG.md');

try {
  if (!/^\d+\.\d+\.\d+(-[0-9a-z.-]+)?$/.test(version))
    throw new Error('say which version: npm run release 1.2.3');
  if (flags['dry-run'] === true) dryRun();
  else release();
} catch (error) {
  console.error(`not released: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

function dryRun(): void {
  assertReady();
  const copy = mkdtempSync(join(tmpdir(), 'claw-run-release-'));
  try {
    run('git', ['clone', '--quiet', '--branch', 'main', root, copy]);
    run('git', ['config', 'user.name', output('git', ['config', 'user.name'])], copy);
    run('git', ['config', 'user.email', output('git', ['config', 'user.email'])], copy);
    run(process.execPath, ['scripts/setup.mjs'], copy);
    run(process.execPath, ['scripts/release.ts', version, '--no-provenance'], copy, {
      CLAW_RUN_RELEASE_DRY: '1',
    });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  console.log(`dry run: nothing was changed here, and nothing was published`);
}

function release(): void {
  if (output('git', ['tag', '--list', tag]) === '') {
    assertReady();
    for (const one of packages) setVersion(one);
    writeFileSync(changelog, cut(readFileSync(changelog, 'utf8')));
    run('git', ['commit', '--quiet', '--all', '--message', `Release ${version}`]);
    run('git', ['tag', '--annotate', tag, '--message', `Release ${version}`]);
  } else if (output('git', ['rev-parse', `${tag}^{commit}`]) !== output('git', ['rev-parse', 'HEAD']))
    throw new Error(`${tag} is another commit: check it out, or choose another version`);
  publish();
}

function publish(): void {
  const folder = mkdtempSync(join(tmpdir(), 'claw-run-tarballs-'));
  const dry = process.env.CLAW_RUN_RELEASE_DRY === '1' ? ['--dry-run'] : [];
  const provenance = flags['no-provenance'] === true ? ['--provenance=false'] : [];
  try {
    run(process.execPath, ['scripts/pack.ts', folder]);
    for (const { manifest } of packages) {
      const known = spawnSync('npm', ['view', `${manifest.name}@${version}`, 'version'], {
        encoding: 'utf8',
      });
      if (known.status === 0 && known.stdout.trim() === version) {
        console.log(`${manifest.name}@${version} is published already`);
        continue;
      }
      const tarball = join(folder, `${manifest.name.replace('@', '').replace('/', '-')}-${version}.tgz`);
      run('npm', [
        'publish',
        tarball,
        ...dry,
        ...provenance,
        ...(version.includes('-') ? ['--tag', 'next'] : []),
      ]);
      console.log(`${manifest.name}@${version} ${dry.length > 0 ? 'would be published' : 'published'}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`${tag} is a commit and a tag here: git push --follow-tags`);
}

function assertReady(): void {
  const branch = output('git', ['branch', '--show-current']);
  if (branch !== 'main') throw new Error(`releases are made on main, and this is ${branch || 'no branch'}`);
  const changed = output('git', ['status', '--porcelain']);
  if (changed !== '') throw new Error(`there are changes that are in no commit:\n${changed}`);
  for (const { manifest } of packages)
    if (!isLater(version, manifest.version))
      throw new Error(`${version} is not later than ${manifest.version}, which ${manifest.name} is at`);
  cut(readFileSync(changelog, 'utf8'));
}

/** What is unreleased becomes the version's; what is unreleased from then on has a place of its own. */
function cut(text: string): string {
  const [, unreleased = ''] = /^## Unreleased\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(text) ?? [];
  if (!/^- /m.test(unreleased)) throw new Error('CHANGELOG.md tells of nothing that is unreleased');
  const today = new Date().toISOString().slice(0, 10);
  return text.replace('## Unreleased\n', `## Unreleased\n\n## ${version} - ${today}\n`);
}

function setVersion({ folder }: Package): void {
  const file = join(folder, 'package.json');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/^( {2}"version": ")[^"]*/m, `$1${version}`));
}

function isLater(one: string, other: string): boolean {
  const numbers = (text: string) => text.split('-')[0]?.split('.').map(Number) ?? [];
  const [a, b] = [numbers(one), numbers(other)];
  for (let at = 0; at < 3; at++) if (a[at] !== b[at]) return (a[at] ?? 0) > (b[at] ?? 0);
  return other.includes('-') && (!one.includes('-') || one > other);
}

function run(program: string, words: readonly string[], cwd = root, env: NodeJS.ProcessEnv = {}): void {
  const { status, error } = spawnSync(program, words, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0)
    throw new Error(`${[program, ...words].join(' ')} failed${error ? `: ${error.message}` : ''}`);
}

function output(program: string, words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${[program, ...words].join(' ')} failed: ${stderr.trim()}`);
  return stdout.trim();
}
