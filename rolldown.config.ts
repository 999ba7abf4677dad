import { defineConfig } from 'rolldown';

const folder = 'packages/claw-run';

/** The bin: ESM with lazy chunks, so that a call loads what it uses; dependencies are inside. */
export default defineConfig({
  input: { bin: `${folder}/src/bin.ts` },
  platform: 'node',
  output: {
    dir: `${folder}/dist`,
    format: 'esm',
    cleanDir: true,
    minify: false,
    legalComments: 'inline',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
  },
});
