import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { pnpm } from '../../../scripts/packaging/packages.ts';
import { type Called, type Calling, call, npm } from './call.ts';

export type Manager = 'npm' | 'pnpm';

/** An empty folder somewhere, of somebody who has nothing but Node.js and a package manager. */
export interface Consumer {
  readonly folder: string;
  readonly node: string;
  readonly install: (packages: readonly string[], options?: { readonly global?: boolean }) => Promise<Called>;
  /** Runs a program by the Node.js of this folder: `claw-run` is what its package manager finds. */
  readonly run: (words: readonly string[], calling?: Calling) => Promise<Called>;
  readonly write: (files: { readonly [path: string]: string | object }) => void;
}

/** Makes such a folder, which goes when the test ends. `which` Node.js: oldest, ours or newest. */
export function newConsumer(which = 'ours', manager: Manager = 'npm'): Consumer {
  const place = mkdtempSync(join(tmpdir(), 'claw-run-consumer-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const node = inject('nodes')[which] ?? '';
  const folder = join(place, 'project');
  const env = {
    HOME: place,
    PATH: [dirname(node), join(folder, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
    npm_config_cache: inject('cache'),
    npm_config_prefix: join(place, 'global'),
    npm_config_update_notifier: 'false',
    XDG_STATE_HOME: join(place, 'state'),
  };
  mkdirSync(folder);
  const run: Consumer['run'] = ([program = '', ...words], { env: more = {}, ...calling } = {}) =>
    call(program, words, { cwd: folder, env: { ...env, ...more }, ...calling });
  const write: Consumer['write'] = (files) => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(
        join(folder, path),
        typeof content === 'string' ? content : JSON.stringify(content, null, 1),
      );
    }
  };
  // npm reads the one of the user for what is global
  const npmrc = `registry=${inject('registry')}\n`;
  writeFileSync(join(place, '.npmrc'), npmrc);
  write({
    '.npmrc': npmrc,
    'package.json': { name: 'consumer', private: true, type: 'module' },
  });
  return {
    folder,
    node,
    run,
    write,
    install: (packages, { global = false } = {}) =>
      manager === 'npm'
        ? run([node, npm, 'install', '--no-audit', '--no-fund', ...(global ? ['--global'] : []), ...packages])
        : run([node, npm, 'exec', '--yes', '--', pnpm, 'add', ...packages]),
  };
}
