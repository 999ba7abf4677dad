import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { root } from './support/claw-run.ts';

const pages = [
  'README.md',
  ...[
    'claw-run',
    'core',
    'engine',
    'kubernetes',
    'linux',
    'openclaw',
    'runbook',
    'sandbox',
    'slurm',
    'testing',
    'transports',
  ].map((name) => `packages/${name}/README.md`),
];

/** The programs of a page. What a reader has anyway is declared in a comment before one: `<!-- given: declare const signal: AbortSignal; -->`. */
function programsOf(text: string): readonly string[] {
  return [...text.matchAll(/(?:<!-- given:(.*?)-->\s*)?```ts\n(.*?)\n```/gs)].map(
    ([, given = '', program = '']) => `${program}\n${given.trim()}\nexport {};\n`,
  );
}

test('every program in a README compiles', async () => {
  // packages are found from here as they are from a project of one's own
  const folder = await mkdtemp(join(root, 'test/node_modules/readme-'));
  try {
    const files = await Promise.all(
      pages.map(async (page) => {
        const programs = programsOf(await readFile(join(root, page), 'utf8'));
        expect(programs, page).not.toEqual([]);
        return programs.map((text, index) => ({
          name: `${page.replace(/^packages\//, '').replaceAll('/', '-')}-${index + 1}.ts`,
          text,
        }));
      }),
    );
    for (const { name, text } of files.flat()) await writeFile(join(folder, name), text);
    const config = {
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: {
        noEmit: true,
        noUnusedLocals: false,
        typeRoots: [join(root, 'node_modules/@types')],
      },
      files: files.flat().map(({ name }) => name),
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const compiler = createRequire(join(root, 'package.json')).resolve('typescript/package.json');
    const { stdout } = await execa(process.execPath, [join(dirname(compiler), 'bin/tsc'), '-p', '.'], {
      cwd: folder,
      reject: false,
    });
    expect(stdout).toBe('');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
