import type { BuildOptions, Plugin } from 'rolldown';
import { minifySync } from 'rolldown/experimental';

const folder = 'packages/claw-run';

/** What is loaded in the middle of a pure function, seldom and at once, becomes a file of its own beside the chunks. */
const lazyRequire: Plugin = {
  name: 'lazy-require',
  transform(code) {
    const marked = /createRequire\(import\.meta\.url\)\('([a-z0-9]+)'\)/g;
    if (!marked.test(code)) return undefined;
    return { code: code.replaceAll(marked, "createRequire(import.meta.url)('./$1.cjs')"), map: null };
  },
};

/** What ssh2 does that claw-run has no use for, and that each connection would pay for; a version that does otherwise fails the build. */
const leanSsh2: Plugin = {
  name: 'lean-ssh2',
  transform(code, id) {
    const [, file = ''] = /\/ssh2\/lib\/([a-z0-9/-]+\.js)$/.exec(id) ?? [];
    const changes = leaner[file];
    if (changes === undefined) return undefined;
    let lean = code;
    for (const [from, to] of changes) {
      if (!lean.includes(from)) throw new Error(`ssh2/lib/${file} has no ${from}`);
      lean = lean.replace(from, () => to);
    }
    return { code: lean, map: null };
  },
};

const leaner: { readonly [file: string]: readonly (readonly [from: string, to: string])[] } = {
  // agents for HTTP over SSH: they load TLS, which takes longer than all else of ssh2
  'index.js': [["require('./http-agents.js')", '{}']],
  // has the server prove host keys that nobody will note. Something is sent all the same, which the server passes over: what it says next waits for
  // the acknowledgement of its keys (Nagle), and alone that is delayed by 40 ms
  'client.js': [
    [
      "hostKeysProve(this, data, (err, keys) => {\n                if (err)\n                  return;\n                this.emit('hostkeys', keys);\n              });",
      `const at = p._packetRW.write.allocStart;
              const ignore = p._packetRW.write.alloc(5);
              ignore.fill(0, at, at + 5);
              ignore[at] = 2;
              require('./protocol/utils.js').sendPacket(p, p._packetRW.write.finalize(ignore));`,
    ],
  ],
  // no handshake begins before this is compiled; by itself it comes back only when the event loop turns, after all that is loaded meanwhile
  'protocol/crypto/poly1305.js': [
    [
      'return WebAssembly.instantiate(l,e)',
      'const module=new WebAssembly.Module(l);return{module,instance:new WebAssembly.Instance(module,e)}',
    ],
  ],
  // native parts, which are not shipped: nothing is looked for where others might put it
  'protocol/constants.js': [["cpuInfo = require('cpu-features')();", 'cpuInfo = undefined;']],
  // a key is made of the same bytes again for each packet, which takes six times as long as the packet
  'protocol/crypto.js': [
    ["binding = require('./crypto/build/Release/sshcrypto.node');", 'throw new Error();'],
    ['this._encKey = enc.cipherKey;', "this._encKey = require('crypto').createSecretKey(enc.cipherKey);"],
    [
      'this._decipherKey = dec.decipherKey;',
      "this._decipherKey = require('crypto').createSecretKey(dec.decipherKey);",
    ],
    ['this._macKey = enc.macKey;', "this._macKey = require('crypto').createSecretKey(enc.macKey);"],
    ['this._macKey = dec.macKey;', "this._macKey = require('crypto').createSecretKey(dec.macKey);"],
  ],
};

/** The Kubernetes client is used for what a kubeconfig says; requests go by node:https, so the HTTP client that it brings is never made. */
const leanKubernetesClient: Plugin = {
  name: 'lean-kubernetes-client',
  resolveId: (id, from) =>
    id === 'undici' && from?.includes('/@kubernetes/client-node/') ? '\0no-undici' : undefined,
  load: (id) =>
    id === '\0no-undici'
      ? "class None { constructor() { throw new Error('undici is not in this bundle'); } }\nexport { None as Agent, None as ProxyAgent, None as fetch };"
      : undefined,
};

/** Chunks that hold nothing of ours are made small: nobody reads their names in a trace. */
const smallForeign: Plugin = {
  name: 'small-foreign',
  renderChunk(code, { moduleIds, fileName }) {
    const foreign = moduleIds.filter((id) => !id.startsWith('\0'));
    if (foreign.length === 0 || !foreign.every((id) => id.includes('/node_modules/'))) return undefined;
    const { code: small, errors } = minifySync(fileName, code, {
      module: false,
      compress: false,
      mangle: true,
      codegen: { removeWhitespace: true, legalComments: 'inline' },
    });
    if (errors[0] !== undefined) throw new Error(`${fileName}: ${errors[0].message}`);
    return { code: small, map: null };
  },
};

/** Chunks by name, and what is in them: each costs a millisecond, so what is loaded together is one, and what every call needs pulls in nothing else. */
const together: { readonly [chunk: string]: readonly string[] } = {
  common: [
    'core/src/',
    'engine/src/trusted-path',
    'runbook/src/duration',
    'runbook/src/nearest',
    'commander/',
    'claw-run/package.json',
    ...[
      'cli/commands',
      'cli/flags',
      'cli/help',
      'cli/parse',
      'cli/usage-error',
      'context',
      'exit',
      'io',
      'output',
      'prompt',
    ].map(own),
    ...[
      'render/plain',
      'render/style',
      'render/terminal.ts',
      'report-error',
      'run/launched',
      'run/launcher',
      'run/shipped-runbooks',
      'run/state-folder',
      'run/transports',
      'version',
    ].map(own),
  ],
  local: ['transports/src/host/process-channel', 'transports/src/local/'],
  hosts: [
    'transports/src/host/',
    'transports/src/ssh/',
    ...['bind-host', 'host-reach', 'inventory', 'kubeconfig', 'reach', 'secret-source', 'where'].map((name) =>
      own(`run/${name}`),
    ),
  ],
  ssh2: ['ssh2/', 'asn1/', 'bcrypt-pbkdf/', 'safer-buffer/', 'tweetnacl/'],
  compile: ['runbook/src/', 'yaml/', 'zod/', '@marcbachmann/cel-js/'],
  work: [
    'engine/src/',
    ...['cli/follow-up', 'render/', 'report/'].map(own),
    ...[
      'bind-targets',
      'decisions',
      'execute',
      'interrupt',
      'open-runbook',
      'param',
      'run-on',
      'select-steps',
    ].map((name) => own(`run/${name}`)),
  ],
};

function own(file: string): string {
  return `claw-run/src/${file}`;
}

/**
 * The bin and the library, with lazy chunks, so that a call loads what it uses; dependencies are inside. CommonJS: Node.js loads its chunks with less ado
 * than modules.
 */
const bin: BuildOptions = {
  input: {
    bin: `${folder}/src/bin.ts`,
    library: `${folder}/src/library.ts`,
    'library-runner': `${folder}/src/library-test/runner.ts`,
    'library-worker': `${folder}/src/library-test/worker.ts`,
  },
  platform: 'node',
  preserveEntrySignatures: 'allow-extension',
  checks: { ineffectiveDynamicImport: false },
  plugins: [lazyRequire, leanSsh2, leanKubernetesClient, smallForeign],
  // what these modules do when they are loaded is to define things: what is not used need not be loaded
  treeshake: {
    moduleSideEffects: [
      { test: /packages\/[^/]+\/src\//, sideEffects: false },
      { test: /@kubernetes\/client-node\/dist\//, sideEffects: false },
    ],
  },
  output: {
    dir: `${folder}/dist`,
    format: 'cjs',
    cleanDir: true,
    // blanks take 7 % of the processor time of a short run; names stay, so that a trace can be read
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    comments: { legal: true },
    entryFileNames: '[name].cjs',
    chunkFileNames: 'chunks/[name]-[hash].cjs',
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: Object.entries(together).map(([name, parts]) => ({
        name,
        test: (id: string) =>
          parts.some((part) => id.includes(`/packages/${part}`) || id.includes(`/node_modules/${part}`)),
      })),
    },
  },
};

/** Libraries for patterns, each loaded with the first pattern that needs it. */
const patterns = (
  [
    ['refa', 'packages/kubernetes/node_modules/refa'],
    ['re2js', 'packages/runbook/node_modules/re2js'],
  ] as const
).map(
  ([name, input]) =>
    ({
      input: { [name]: input },
      platform: 'node',
      plugins: [smallForeign],
      output: {
        dir: `${folder}/dist/chunks`,
        format: 'cjs',
        comments: { legal: true },
        entryFileNames: '[name].cjs',
      },
    }) satisfies BuildOptions,
);

/** The practice head node's programs: a file each that needs nothing but Node.js, to be copied to a host. */
export const hostPrograms = (['schedulerd', 'clw'] as const).map(
  (name) =>
    ({
      input: `packages/sandbox/src/scheduler/bin-${name}.ts`,
      platform: 'node',
      output: {
        file: `${folder}/dist/host/${name}.cjs`,
        format: 'cjs',
        minify: { compress: false, mangle: true, codegen: { removeWhitespace: true } },
        comments: { legal: true },
      },
    }) as const,
);

/**
 * ssh2 for the package of transports: as in the bundle, without its native parts and without the script that would build them, which package managers refuse
 * to run or ask about.
 */
export const vendoredSsh2: BuildOptions = {
  input: { ssh2: 'packages/transports/node_modules/ssh2' },
  platform: 'node',
  plugins: [leanSsh2, smallForeign],
  output: {
    dir: 'packages/transports/dist/vendor',
    format: 'cjs',
    comments: { legal: true },
    entryFileNames: '[name].cjs',
  },
};

/** What `claw-run chaos` loads into the processes that it tries. */
const chaosPreload: BuildOptions = {
  input: { 'chaos-preload': `${folder}/src/chaos/preload.ts` },
  platform: 'node',
  output: {
    dir: `${folder}/dist`,
    format: 'cjs',
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    entryFileNames: '[name].cjs',
  },
};

const bundles: readonly BuildOptions[] = [bin, ...patterns, ...hostPrograms, chaosPreload];

export default bundles;
