import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type OutputAsset, type OutputChunk, type Plugin } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import bundles from '../../rolldown.config.ts';
import { compiled } from './compile.ts';
import { cli, packages } from './packages.ts';

const dist = join(cli.folder, 'dist');

/** Bundles the command line and the library, and gives the files of other packages that are inside. */
export async function bundle(): Promise<readonly string[]> {
  const outputs: (OutputAsset | OutputChunk)[] = [];
  // one after another: the first clears the folder that all write to
  for (const each of bundles) outputs.push(...(await build(each)).output);
  const modules = outputs.flatMap((output) => (output.type === 'chunk' ? output.moduleIds : []));
  writeFileSync(join(dist, 'index.js'), await facade());
  await bundleTypes();
  return [...new Set(modules)].filter((id) => id.includes('/node_modules/'));
}

/** The library as an ES module: the bundle that the command line runs as well, and the `z` of whoever imports it. */
async function facade(): Promise<string> {
  const names = Object.keys(await import('../../packages/claw-run/src/library.ts')).sort();
  return [
    "import library from './library.cjs';",
    '',
    `export const {\n${names.map((name) => `  ${name},\n`).join('')}} = library;`,
    "export { z } from 'zod';",
    '',
  ].join('\n');
}

/** All declarations of the library in one file. */
async function bundleTypes(): Promise<void> {
  await build({
    input: { index: join(compiled, 'claw-run', 'src', 'index.d.ts') },
    external: [/^zod/, /^node:/],
    plugins: [ourDeclarations, dts({ dtsOnly: true, generator: 'oxc', sourcemap: false })],
    output: { dir: dist, format: 'es' },
    logLevel: 'warn',
  });
}

const ourDeclarations: Plugin = {
  name: 'our-declarations',
  resolveId: {
    order: 'pre',
    handler(id, from) {
      const declarations = (path: string) => path.replace(/\.ts$/, '.d.ts');
      if (/^\.{1,2}\/.*\.ts$/.test(id) && from !== undefined) return declarations(join(from, '..', id));
      const [, short, subpath] = /^@claw-run\/([a-z]+)(\/.*)?$/.exec(id) ?? [];
      const found = packages.find((one) => one.short === short);
      const source = found?.manifest.exports[`.${subpath ?? ''}`];
      return found === undefined || source === undefined
        ? undefined
        : declarations(join(compiled, found.short, source));
    },
  },
};
