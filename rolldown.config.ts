import { defineConfig, type Plugin } from 'rolldown';

const folder = 'packages/claw-run';

/** A library that is loaded only when it is needed, in the middle of a pure function, belongs into the bundle as well. */
const lazyRequire: Plugin = {
  name: 'lazy-require',
  transform(code) {
    if (!code.includes('createRequire(import.meta.url)(')) return undefined;
    return { code: code.replaceAll('createRequire(import.meta.url)(', 'require('), map: null };
  },
};

/** The bin: ESM with lazy chunks, so that a call loads what it uses; dependencies are inside. */
export default defineConfig({
  input: { bin: `${folder}/src/bin.ts` },
  platform: 'node',
  plugins: [lazyRequire],
  // what a module of ours does when it is loaded is to define things: what is not used need not be loaded
  treeshake: { moduleSideEffects: [{ test: /packages\/[^/]+\/src\//, sideEffects: false }] },
  output: {
    dir: `${folder}/dist`,
    format: 'esm',
    cleanDir: true,
    minify: false,
    comments: { legal: true },
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
  },
});
