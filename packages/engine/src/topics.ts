import { posix } from 'node:path';

/**
 * Whether two topics may be about the same thing: the same words; the same file, or one a folder above the other; the same unit, with `.service` or without.
 * Paths are compared as the merged folders of today's systems have them (`/bin` is `/usr/bin`, `/var/run` is `/run`). Pure.
 */
export function overlaps(a: string, b: string): boolean {
  if (a === b) return true;
  const one = pathIn(a);
  const other = pathIn(b);
  if (one !== undefined && other !== undefined) return isWithin(one, other) || isWithin(other, one);
  return unitIn(a) !== undefined && unitIn(a) === unitIn(b);
}

function pathIn(topic: string): string | undefined {
  const path = /^file (\/.*)$/s.exec(topic)?.[1];
  if (path === undefined) return undefined;
  const clean = posix.normalize(path).replace(/(?<=.)\/$/, '');
  return clean
    .replace(/^\/(bin|sbin|lib|lib32|lib64|libx32)(?=\/|$)/, '/usr/$1')
    .replace(/^\/var\/(run|lock)(?=\/|$)/, (_, name: string) => (name === 'run' ? '/run' : '/run/lock'));
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

function unitIn(topic: string): string | undefined {
  const unit = /^service (\S+)$/.exec(topic)?.[1];
  return unit?.replace(/\.service$/, '');
}
