import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { ClawError } from '@claw-run/core';
import { plain } from '../render/style.ts';
import type { Manifest } from './manifest.ts';
import { type Account, labels } from './rbac.ts';

/** Where pods find the runbook. */
export const runbookFolder = '/runbook';

/** The runbook and what it includes, as a ConfigMap holds it and as a pod sees it. */
export interface RunbookFiles {
  readonly manifest: Manifest;
  /** `key` and `path` of a volume's items. */
  readonly items: readonly { readonly key: string; readonly path: string }[];
  /** The path of the runbook in a pod. */
  readonly main: string;
}

/** What etcd takes of one object, less a little for what is not data. */
const mostBytes = 1024 * 1024 - 8 * 1024;

/** Puts the sources of a runbook into a ConfigMap. @throws ClawError `usage` where they do not fit */
export function runbookFiles(sources: { readonly [file: string]: string }, account: Account): RunbookFiles {
  const files = Object.entries(sources);
  const paths = relativePaths(files.map(([file]) => file));
  const items = paths.map((path, index) => ({ key: keyOf(path, index), path }));
  const bytes = files.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0);
  if (bytes > mostBytes)
    throw new ClawError(
      'usage',
      `the runbook and its includes have ${bytes} bytes; a ConfigMap takes ${mostBytes}`,
      {
        hint: 'put them into the image, and write the pods by hand',
      },
    );
  const data: Record<string, string> = {};
  const binaryData: Record<string, string> = {};
  for (const [index, [, text]] of files.entries()) {
    const { key = '' } = items[index] ?? {};
    // what a terminal would not show as it is has to arrive as it is all the same
    if (plain(text) === text) data[key] = text;
    else binaryData[key] = Buffer.from(text).toString('base64');
  }
  const hash = createHash('sha256')
    .update(JSON.stringify([paths, files.map(([, text]) => text)]))
    .digest('hex')
    .slice(0, 8);
  return {
    manifest: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `${account.name}-${hash}`, namespace: account.namespace, labels },
      immutable: true,
      data,
      ...(Object.keys(binaryData).length === 0 ? {} : { binaryData }),
    },
    items,
    main: posix.join(runbookFolder, paths[0] ?? 'runbook.yaml'),
  };
}

/** Paths below the folder that all have in common, so that includes are found from where they are included. */
function relativePaths(files: readonly string[]): readonly string[] {
  const whole = files.map((file) => posix.normalize(posix.join('/', ...upwards(files), file)));
  const folders = whole.map((file) => posix.dirname(file).split('/'));
  const [first = []] = folders;
  const common = first.filter((_, at) =>
    folders.every((other) => first.slice(0, at + 1).join('/') === other.slice(0, at + 1).join('/')),
  );
  return whole.map((file) => posix.relative(common.join('/') || '/', file));
}

/** A folder deep enough for every `..` in the names. */
function upwards(files: readonly string[]): readonly string[] {
  if (files.every((file) => file.startsWith('/'))) return [];
  const depth = Math.max(...files.map((file) => file.split('/').filter((part) => part === '..').length));
  return Array.from({ length: depth }, () => 'up');
}

function keyOf(path: string, index: number): string {
  const plainName = posix.basename(path).replaceAll(/[^-._a-zA-Z0-9]/g, '_');
  return index === 0 ? plainName : `${index}-${plainName}`;
}
