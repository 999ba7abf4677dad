// `npm run api-docs`: writes docs/api/, the reference of what each package exports, from the doc comments; with --check says which pages are stale.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Application, LogLevel } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';
import { type Package, packages, root } from './packaging/packages.ts';

const folder = join(root, 'docs', 'api');
const check = process.argv.includes('--check');
const wanted = new Map<string, string>();
for (const one of packages)
  for (const [page, text] of await pagesOf(one)) wanted.set(join(one.short, page), text);
const there = existsSync(folder)
  ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'))
  : [];
const stale = [
  ...[...wanted].filter(([page, text]) => read(page) !== text).map(([page]) => page),
  ...there.filter((page) => !wanted.has(page)),
];
if (!check) {
  rmSync(folder, { recursive: true, force: true });
  for (const [page, text] of wanted) {
    mkdirSync(dirname(join(folder, page)), { recursive: true });
    writeFileSync(join(folder, page), text);
  }
} else if (stale.length > 0) {
  console.error(`stale: ${stale.map((page) => `docs/api/${page}`).join(', ')}; run \`npm run api-docs\``);
  process.exitCode = 1;
}

/** The reference of a package: a page for each of its entry points, by its path. */
async function pagesOf({ folder: at, manifest }: Package): Promise<ReadonlyMap<string, string>> {
  const out = mkdtempSync(join(tmpdir(), 'claw-run-api-'));
  // zod has a reference of its own
  const sources = Object.values(manifest.exports).map((source) =>
    manifest.name === 'claw-run' ? source.replace('index.ts', 'library.ts') : source,
  );
  const shape: PluginOptions = {
    entryFileName: 'README',
    outputFileStrategy: 'modules',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    classPropertiesFormat: 'table',
    typeDeclarationFormat: 'table',
    tableColumnSettings: {
      hideDefaults: true,
      hideInherited: true,
      hideModifiers: true,
      hideOverrides: true,
    },
  } as PluginOptions;
  try {
    const app = await Application.bootstrapWithPlugins({
      plugin: ['typedoc-plugin-markdown'],
      entryPoints: sources.map((source) => join(at, source)),
      outputs: [{ name: 'markdown', path: out }],
      tsconfig: join(root, 'tsconfig.build.json'),
      name: manifest.name,
      readme: 'none',
      disableSources: true,
      excludeExternals: true,
      excludeInternal: true,
      // the workspace checks its types with its own compiler
      skipErrorChecking: true,
      logLevel: LogLevel.Error,
      ...(shape as object),
    });
    const project = await app.convert();
    if (project === undefined) throw new Error(`${manifest.name} cannot be documented`);
    await app.generateOutputs(project);
    const pages = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.md'),
    );
    return new Map(pages.map((page) => [page, readFileSync(join(out, page), 'utf8')]));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function read(page: string): string | undefined {
  const file = join(folder, page);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
