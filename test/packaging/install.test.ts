import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { newConsumer } from './support/consumer.ts';

const MB = 1024 * 1024;

describe('npm install --global claw-run', () => {
  test('installs two packages of 15 MB at most, and runs no script', async () => {
    const { folder, install, run, node } = newConsumer();
    const since = performance.now();
    await install(['claw-run'], { global: true });
    console.log(`installed in ${((performance.now() - since) / 1000).toFixed(1)} s`);
    const modules = join(dirname(folder), 'global', 'lib', 'node_modules');
    const found = manifestsUnder(modules);
    expect(found.map(({ name }) => name).sort()).toEqual(['claw-run', 'zod']);
    for (const { scripts = {} } of found)
      for (const name of ['preinstall', 'install', 'postinstall']) expect(scripts).not.toHaveProperty(name);
    const bytes = onDisk(modules);
    console.log(`takes ${(bytes / MB).toFixed(1)} MB`);
    expect(bytes).toBeLessThan(15 * MB);

    const bin = join(dirname(folder), 'global', 'bin', 'claw-run');
    const { stdout } = await run([node, bin, '--version']);
    expect(stdout).toBe(`${found.find(({ name }) => name === 'claw-run')?.version}\n`);
  });
});

for (const which of ['oldest', 'ours', 'newest']) {
  for (const manager of ['npm', 'pnpm'] as const) {
    test(`the everyday call on the ${which} Node.js, installed by ${manager}`, async () => {
      const { install, run, node } = newConsumer(which, manager);
      await install(['claw-run']);
      const { stdout, exit } = await run([
        ...['claw-run', '--sandbox', 'rbac', 'node_modules/claw-run/runbooks/worker-denied.yaml', '--yes'],
      ]);
      expect(exit).toBe(0);
      expect(stdout).toContain('FOUND');
      expect((await run([node, '--version'])).stdout).toMatch(/^v/);
    });
  }
}

test('the Node.js versions that are tried are what they say', async () => {
  const { oldest = '', newest = '' } = inject('nodes');
  const { run } = newConsumer();
  const manifest = JSON.parse(
    readFileSync(new URL('../../packages/claw-run/package.json', import.meta.url), 'utf8'),
  );
  const [, least] = />=(.*)/.exec(manifest.engines.node) ?? [];
  expect((await run([oldest, '--version'])).stdout).toMatch(new RegExp(`^v${least}\\.0\n$`));
  const major = async (node: string) => Number(/^v(\d+)/.exec((await run([node, '--version'])).stdout)?.[1]);
  expect(await major(newest)).toBeGreaterThanOrEqual(await major(process.execPath));
});

test('an older Node.js is told what is missing', async () => {
  const { install, run, write } = newConsumer();
  await install(['claw-run']);
  write({
    'old.cjs':
      "Object.defineProperty(process.versions, 'node', { value: '18.20.0' }); process.version = 'v18.20.0';",
  });
  const { exit, stderr } = await run(['claw-run', 'list'], {
    env: { NODE_OPTIONS: '--require ./old.cjs' },
    mayFail: true,
  });
  expect(exit).toBe(2);
  expect(stderr).toContain('claw-run needs Node.js 22.19 or newer');
});

interface Installed {
  readonly name: string;
  readonly version: string;
  readonly scripts?: { readonly [name: string]: string };
}

function manifestsUnder(folder: string): readonly Installed[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name === 'node_modules' || entry.name.startsWith('@')) return manifestsUnder(path);
    const names = entry.isDirectory() ? readdirSync(path) : [];
    return [
      ...(names.includes('package.json')
        ? [JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))]
        : []),
      ...(names.includes('node_modules') ? manifestsUnder(join(path, 'node_modules')) : []),
    ];
  });
}

/** What a folder takes on a disk, in blocks. */
function onDisk(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return entries.reduce((sum, name) => sum + (lstatSync(join(folder, name)).blocks ?? 0) * 512, 0);
}
