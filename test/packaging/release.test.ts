import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { packages } from '../../scripts/packaging/packages.ts';
import { root } from '../support/programs.ts';
import { call } from './support/call.ts';
import { startRegistry } from './support/registry.ts';

const next = packages.map(({ manifest }) => `${manifest.name}@99.0.0`);

/** A copy of this checkout as it is now, all of it committed, and a registry to publish to. */
async function copyToRelease() {
  const place = mkdtempSync(join(tmpdir(), 'claw-run-release-test-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const registry = await startRegistry(inject('upstream'));
  onTestFinished(() => registry.close());
  const copy = join(place, 'copy');
  writeFileSync(
    join(place, '.npmrc'),
    `registry=${registry.url}\n//${new URL(registry.url).host}/:_authToken=any\n`,
  );
  const env = {
    // the packages of others come from where they always do, and are there already
    HOME: process.env.HOME ?? '',
    NPM_CONFIG_USERCONFIG: join(place, '.npmrc'),
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@example.org',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@example.org',
  };
  const git = async (...words: readonly string[]) =>
    (await call('git', words, { cwd: copy, env })).stdout.trim();
  await call('git', ['clone', '--quiet', '--no-hardlinks', root, copy], { env });
  const { stdout: changed } = await call('sh', [
    '-c',
    `cd ${root} && git ls-files -m -o -d --exclude-standard`,
  ]);
  if (changed !== '') {
    await call('sh', [
      '-c',
      `cd ${root} && git ls-files -o -m --exclude-standard -z | xargs -0 -I{} cp --parents {} ${copy} 2>/dev/null; true`,
    ]);
    await git('add', '--all');
    await git('commit', '--quiet', '--allow-empty', '--message', 'As it is now');
  }
  await git('branch', '--force', 'main', 'HEAD').catch(() => '');
  await git('checkout', '--quiet', 'main');
  await git('config', 'user.name', 'A');
  await git('config', 'user.email', 'a@example.org');
  await call(process.execPath, ['scripts/setup.mjs'], { cwd: copy, env });
  const release = (...words: readonly string[]) =>
    call(process.execPath, ['scripts/release.ts', ...words], { cwd: copy, env, mayFail: true });
  return { copy, git, release, registry };
}

test('a release is tried, made, and gone on with after it was cut short', async () => {
  const { copy, git, release, registry } = await copyToRelease();
  const before = await git('rev-parse', 'HEAD');

  const dry = await release('99.0.0', '--dry-run');
  expect(dry.exit, dry.stderr).toBe(0);
  for (const name of next) expect(dry.stdout).toContain(`${name} would be published`);
  expect(registry.published()).toEqual([]);
  expect([await git('rev-parse', 'HEAD'), await git('status', '--porcelain'), await git('tag')]).toEqual([
    before,
    '',
    '',
  ]);

  registry.refuseAfter(4);
  const cutShort = await release('99.0.0', '--no-provenance');
  expect(cutShort.exit).toBe(1);
  expect(cutShort.stderr).toContain('not released: npm publish');
  expect(registry.published()).toEqual(next.slice(0, 4));

  registry.refuseAfter(undefined);
  const again = await release('99.0.0', '--no-provenance');
  expect(again.exit, again.stderr).toBe(0);
  expect(again.stdout).toContain(`${next[0]} is published already`);
  expect(registry.published()).toEqual(next);
  expect(await git('tag')).toBe('v99.0.0');
  expect(await git('status', '--porcelain')).toBe('');
  expect(await git('log', '--format=%s', `${before}..HEAD`)).toBe('Release 99.0.0');
  const changelog = readFileSync(join(copy, 'CHANGELOG.md'), 'utf8');
  expect(changelog).toMatch(/^## Unreleased\n\n## 99\.0\.0 - \d{4}-\d\d-\d\d\n\n### Added\n/m);

  const nothingNew = await release('99.0.1');
  expect(nothingNew.stderr).toContain('CHANGELOG.md tells of nothing that is unreleased');
  const older = await release('1.0.0', '--dry-run');
  expect(older.stderr).toContain('1.0.0 is not later than 99.0.0');
  writeFileSync(join(copy, 'LICENSE'), 'mine');
  expect((await release('100.0.0')).stderr).toContain('there are changes that are in no commit');
  expect((await release('x')).stderr).toContain('say which version');
});
