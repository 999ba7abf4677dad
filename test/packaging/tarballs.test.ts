import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { checkPackage, createPackageFromTarballData, type Problem } from '@arethetypeswrong/core';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { publint } from 'publint';
import { describe, expect, inject, test } from 'vitest';
import { packages } from '../../scripts/packaging/packages.ts';
import { call } from './support/call.ts';

const tarballs = inject('tarballs');

test('there is a tarball of every package', () => {
  const names = packages.map(
    ({ manifest: { name, version } }) => `${name.replace('@', '').replace('/', '-')}-${version}.tgz`,
  );
  expect(tarballs.map((tarball) => basename(tarball)).sort()).toEqual(names.sort());
});

describe.each(tarballs.map((tarball) => [basename(tarball), tarball] as const))('%s', (_, tarball) => {
  const inside = async (file: string) => (await call('tar', ['xzOf', tarball, `package/${file}`])).stdout;
  const data = () => {
    const bytes = readFileSync(tarball);
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  };

  test('publint finds nothing', async () => {
    const { messages } = await publint({ pack: { tarball: data() }, strict: true });
    expect(messages).toEqual([]);
  });

  test('its types are what a program gets', async () => {
    const result = await checkPackage(createPackageFromTarballData(new Uint8Array(data())));
    if (result.types === false) throw new Error('it has no types');
    // ES modules only: what `require`s them needs a Node.js that can, which all supported ones are, and resolution by package.json's exports
    const forOthers = ({ kind, ...rest }: Problem) =>
      kind === 'CJSResolvesToESM' || ('resolutionKind' in rest && rest.resolutionKind === 'node10');
    expect(result.problems.filter((problem) => !forOthers(problem))).toEqual([]);
    expect(Object.keys(result.entrypoints)).toContain('.');
  });

  test('says what it is, where it comes from and how it may be used', async () => {
    const manifest = JSON.parse(await inside('package.json'));
    expect(manifest).toMatchObject({
      license: 'Apache-2.0',
      repository: { type: 'git', directory: expect.stringMatching(/^packages\//) },
      publishConfig: { access: 'public', provenance: true },
    });
    for (const field of ['description', 'keywords', 'homepage', 'bugs', 'engines'])
      expect(manifest).toHaveProperty(field);
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare'])
      expect(manifest.scripts ?? {}).not.toHaveProperty(script);
    for (const range of Object.values({ ...manifest.dependencies, ...manifest.peerDependencies }))
      expect(range, 'ranges, so that one copy can do for all').toMatch(/^\^/);
    expect(await inside('LICENSE')).toContain('Apache License');
    expect((await inside('README.md')).length).toBeGreaterThan(300);
  });

  test('has its code, types and maps, and nothing else', async () => {
    const { stdout } = await call('tar', ['tzf', tarball]);
    const files = stdout
      .trim()
      .split('\n')
      .map((file) => file.replace('package/', ''));
    const manifest = JSON.parse(await inside('package.json'));
    const exported = Object.values(manifest.exports as Record<string, string | Record<string, string>>)
      .flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)))
      .map((target) => target.replace('./', ''));
    expect(files).toEqual(expect.arrayContaining(exported));
    expect(
      files.filter((file) => /(^|\/)(test|node_modules)\/|\.cases\.yaml$|\.tsbuildinfo$/.test(file)),
    ).toEqual([]);
    const bundled = manifest.name === 'claw-run';
    expect(files.includes('THIRD-PARTY-NOTICES.txt')).toBe(
      bundled || manifest.name === '@claw-run/transports',
    );
    expect(
      files.some((file) => file.startsWith('runbooks/')) && files.includes('schema/runbook.schema.json'),
    ).toBe(bundled);
    if (bundled) return;
    for (const file of files.filter((each) => each.startsWith('src/') && each.endsWith('.ts'))) {
      const stem = file.replace(/^src\//, 'dist/').replace(/\.ts$/, '');
      expect(files).toEqual(
        expect.arrayContaining([`${stem}.js`, `${stem}.js.map`, `${stem}.d.ts`, `${stem}.d.ts.map`]),
      );
    }
    for (const map of files.filter((file) => file.endsWith('.map')).slice(0, 5)) {
      const { sources } = JSON.parse(await inside(map)) as { sources: readonly string[] };
      for (const source of sources)
        expect(files).toContain(new URL(source, `file:///${map}`).pathname.slice(1));
    }
  });

  test('names nothing of this machine', async () => {
    const { stdout } = await call('sh', [
      '-c',
      'tar xzOf "$1" | grep -aoE "$2" || true',
      'sh',
      tarball,
      `${process.cwd()}|workspace:|/\\.pnpm/`,
    ]);
    expect(stdout).toBe('');
  });
});

describe('the bill of materials', () => {
  test.each(packages.map(({ manifest }) => manifest.name))('of %s is valid and complete', async (name) => {
    const tarball =
      tarballs.find((file) => basename(file).startsWith(`${name.replace('@', '').replace('/', '-')}-0`)) ??
      '';
    const text =
      name === 'claw-run'
        ? (await call('tar', ['xzOf', tarball, 'package/sbom.cdx.json'])).stdout
        : readFileSync(
            new URL(`../../packages/${name.replace('@claw-run/', '')}/sbom.cdx.json`, import.meta.url),
            'utf8',
          );
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    expect(await validator.validate(text)).toBeNull();
    const { metadata, components = [] } = JSON.parse(text) as {
      metadata: { component: { name: string } };
      components?: readonly { name: string; group?: string; licenses?: readonly unknown[] }[];
    };
    expect([metadata.component.name, name]).toContain(name.split('/').at(-1));
    for (const { name: part, licenses = [] } of components) expect(licenses, part).not.toEqual([]);
  });

  test('of the bundle names what is inside, and so do the notices', async () => {
    const tarball = tarballs.find((file) => /\/claw-run-\d/.test(file)) ?? '';
    const bom = JSON.parse((await call('tar', ['xzOf', tarball, 'package/sbom.cdx.json'])).stdout);
    const names = bom.components.map(({ group, name }: { group?: string; name: string }) =>
      group ? `${group}/${name}` : name,
    );
    expect(names).toEqual(
      expect.arrayContaining([
        '@kubernetes/client-node',
        'ssh2',
        'yaml',
        'zod',
        'inquirer',
        'execa',
        'commander',
        're2js',
        'refa',
        'ws',
      ]),
    );
    const notices = (await call('tar', ['xzOf', tarball, 'package/THIRD-PARTY-NOTICES.txt'])).stdout;
    for (const name of names) expect(notices).toContain(`\n${name} `);
  });
});
