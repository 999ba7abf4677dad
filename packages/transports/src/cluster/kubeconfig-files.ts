import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { isObject } from '@claw-run/core';
import { parseDocument } from 'yaml';

type Fields = { readonly [name: string]: unknown };
type Named = Fields & { readonly name: string };

const kinds = { clusters: 'cluster', users: 'user', contexts: 'context' } as const;

/**
 * One kubeconfig from its files, as kubectl makes it: of several that `given` or KUBECONFIG names, with colons between them, those that are not there and those that
 * are empty say nothing; of two with one name the first counts; paths are relative to the file that has them. Nothing where there is no file at all: a pod has its account.
 * @throws Error that says what is wrong with which file
 */
export function kubeconfigOf(given: string | undefined): Fields | undefined {
  const named = given ?? (process.env.KUBECONFIG || undefined);
  const usual = join(process.env.HOME || homedir(), '.kube', 'config');
  if (named === undefined && !existsSync(usual)) return undefined;
  const paths = (named ?? usual).split(delimiter).filter((path) => path !== '');
  const files = paths.flatMap((path) => {
    // a list may name files that are not there; one file that is meant has to be
    if (paths.length > 1 && !existsSync(path)) return [];
    return [readKubeconfig(resolve(path))];
  });
  const all = (kind: keyof typeof kinds) => [
    ...new Map(
      files.flatMap((file) => file[kind].map((each) => [each.name, each] as const)).toReversed(),
    ).values(),
  ];
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: all('clusters'),
    users: all('users'),
    contexts: all('contexts'),
    'current-context': files.find(({ current }) => current !== '')?.current ?? '',
  };
}

interface KubeconfigFile {
  readonly clusters: readonly Named[];
  readonly users: readonly Named[];
  readonly contexts: readonly Named[];
  readonly current: string;
}

function readKubeconfig(path: string): KubeconfigFile {
  const document = parseDocument(readFileSync(path, 'utf8'));
  const [error] = document.errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message.split('\n')[0]}`);
  const content: unknown = document.toJS() ?? {};
  if (!isObject(content)) throw new Error(`${path} is no kubeconfig: it is not a map`);
  const list = (kind: keyof typeof kinds): readonly Named[] => {
    const items = content[kind] ?? [];
    if (!Array.isArray(items)) throw new Error(`${path} is no kubeconfig: ${kind} is not a list`);
    const seen = new Set<string>();
    return items.map((item: unknown) => {
      if (!isObject(item) || typeof item.name !== 'string' || !isObject(item[kinds[kind]] ?? {}))
        throw new Error(`${path} is no kubeconfig: a member of ${kind} has no name, or holds nothing`);
      if (seen.has(item.name)) throw new Error(`${path} has two ${kind} of the name ${item.name}`);
      seen.add(item.name);
      const inner = (item[kinds[kind]] ?? {}) as Fields;
      return { name: item.name, [kinds[kind]]: ofFile(kind, inner, dirname(path)) };
    });
  };
  const current = content['current-context'];
  return {
    clusters: list('clusters'),
    users: list('users'),
    contexts: list('contexts'),
    current: typeof current === 'string' ? current : '',
  };
}

/** What stands in a file, as it is from anywhere. */
function ofFile(kind: keyof typeof kinds, fields: Fields, folder: string): Fields {
  const from = (path: string) => (isAbsolute(path) ? path : join(folder, path));
  const paths = ['certificate-authority', 'client-certificate', 'client-key'].flatMap((name) => {
    const path = fields[name];
    return typeof path === 'string' && path !== '' ? [[name, from(path)]] : [];
  });
  const { tokenFile, ...others } = fields;
  const { server, exec, token: _token, ...withoutToken } = others;
  return {
    // the client library knows files of tokens, which are read again, by this name
    ...(typeof tokenFile === 'string' && tokenFile !== ''
      ? {
          ...withoutToken,
          'auth-provider': { name: 'tokenFile', config: { tokenFile: from(tokenFile) } },
        }
      : others),
    ...Object.fromEntries(paths),
    ...(kind === 'clusters' && typeof server === 'string' ? { server: withScheme(server, fields) } : {}),
    ...(isObject(exec) && typeof exec.command === 'string' && /[/\\]/.test(exec.command)
      ? { exec: { ...exec, command: from(exec.command) } }
      : {}),
  };
}

/** A server without a scheme is reached by TLS where something is said of certificates. */
function withScheme(server: string, fields: Fields): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(server)) return server;
  const tls = ['certificate-authority', 'certificate-authority-data', 'insecure-skip-tls-verify'];
  return `${tls.some((name) => Boolean(fields[name])) ? 'https' : 'http'}://${server}`;
}
