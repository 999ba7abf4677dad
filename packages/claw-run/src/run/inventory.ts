import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { matchesGlob, resolve } from 'node:path';
import type { Target } from '@claw-run/core';
import type { JournalStore } from '@claw-run/engine';
import { UsageError } from '../cli/usage-error.ts';
import type { Reach } from './bind-targets.ts';

/** A host of an inventory. */
export interface InventoryHost {
  /** How it is called in messages: as it is reached, unless the inventory names it. */
  readonly name: string;
  /** As `--target name=WHERE` takes it. */
  readonly where: string;
  readonly groups: readonly string[];
}

/**
 * Reads `--hosts`: a file with one host a line, `WHERE [name=NAME] [GROUP,GROUP]`, where `#` begins a comment; or hosts with commas between them.
 * @throws UsageError
 */
export async function readInventory(hosts: string, cwd: string): Promise<readonly InventoryHost[]> {
  const path = resolve(cwd, hosts);
  if (!existsSync(path)) {
    if (/[/\\]/.test(hosts.replaceAll(/[a-z][a-z0-9+.-]*:\/\/[^,]*/g, '')))
      throw new UsageError(`the inventory ${hosts} is not there`, 'name a file, or hosts: --hosts web1,web2');
    return distinct(
      hosts.split(',').flatMap((each) => (each.trim() === '' ? [] : [hostOf(each.trim(), [], hosts)])),
      hosts,
    );
  }
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`the inventory ${hosts} cannot be read: ${error.code}`);
  });
  return parseInventory(text, hosts);
}

/** Parses the lines of an inventory. Pure. @throws UsageError with the line */
export function parseInventory(text: string, file: string): readonly InventoryHost[] {
  const hosts = text.split('\n').flatMap((line, index) => {
    const [where, ...rest] = line
      .replace(/(^|\s)#.*$/, '')
      .trim()
      .split(/\s+/);
    return where === undefined || where === '' ? [] : [hostOf(where, rest, `${file}:${index + 1}`)];
  });
  return distinct(hosts, file);
}

/**
 * Those that a limit takes: names, globs and groups, with commas between them; `!` before one takes its hosts away. A limit that only takes away
 * begins with all. @throws UsageError where a part of it fits nothing
 */
export function limited(
  hosts: readonly InventoryHost[],
  limit: string | undefined,
): readonly InventoryHost[] {
  if (limit === undefined) return hosts;
  const parts = limit
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const fits = (part: string) =>
    hosts.filter(({ name, groups }) => matchesGlob(name, part) || name === part || groups.includes(part));
  for (const part of parts.map((each) => each.replace(/^!/, ''))) {
    if (fits(part).length === 0)
      throw new UsageError(`--limit ${part} fits none of the hosts`, `there are: ${namesOf(hosts)}`);
  }
  const wanted = parts.filter((part) => !part.startsWith('!')).flatMap(fits);
  const unwanted = parts.flatMap((part) => (part.startsWith('!') ? fits(part.slice(1)) : []));
  const chosen = wanted.length === 0 ? hosts : hosts.filter((host) => wanted.includes(host));
  const left = chosen.filter((host) => !unwanted.includes(host));
  if (left.length === 0)
    throw new UsageError(`--limit ${limit} leaves no host`, `there are: ${namesOf(hosts)}`);
  return left;
}

/** The hosts of a target that stands for many: `--hosts`, or the target's own default. `@failed` asks `journals` for the fleets of the past. @throws UsageError */
export async function fleetHosts(
  target: Pick<Target, 'name' | 'default'>,
  { hosts, limit, cwd }: Pick<Reach, 'hosts' | 'limit' | 'cwd'>,
  journals: () => JournalStore | Promise<JournalStore>,
): Promise<readonly InventoryHost[]> {
  const named = hosts ?? target.default;
  if (named === undefined)
    throw new UsageError(
      `the target ${target.name} stands for many hosts, and none are named`,
      `name them with --hosts FILE or --hosts web1,web2; or one of them with --target ${target.name}=HOST`,
    );
  const all = await readInventory(named, cwd);
  return limited(all, limit === undefined ? undefined : await withPast(limit, all, journals));
}

/** A limit with the hosts in place of `@failed` and `@not-begun`. */
async function withPast(
  limit: string,
  all: readonly InventoryHost[],
  journals: () => JournalStore | Promise<JournalStore>,
): Promise<string> {
  const words = limit.split(',').map((word) => word.trim());
  if (!words.some((word) => /^!?@/.test(word))) return limit;
  const [{ hostsLeft }, { createRedactor }] = await Promise.all([
    import('./past-fleet.ts'),
    import('@claw-run/core'),
  ]);
  const where = { journals: await journals(), redactor: createRedactor() };
  const parts = await Promise.all(
    words.map(async (word) => {
      const [, not = '', past] = /^(!?)(@.*)$/.exec(word) ?? [];
      if (past === undefined) return [word];
      if (!/^@(failed|not-begun)(:f[\w-]+)?$/.test(past))
        throw new UsageError(
          `--limit does not know ${past}`,
          'it knows @failed and @not-begun, of a fleet: @failed:FLEET',
        );
      const hosts = await hostsLeft(past, where);
      const known = hosts.filter((host) => all.some(({ name }) => name === host));
      if (known.length === 0 && not === '')
        throw new UsageError(`--limit ${past} fits no host`, 'all hosts of that fleet are done');
      return known.map((host) => `${not}${host}`);
    }),
  );
  return parts.flat().join(',');
}

/** How many hosts are worked on at a time. @throws UsageError */
export function forksOf(text: string | undefined): number {
  if (text === undefined) return 10;
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new UsageError(`--forks takes a number from 1 to 9999, not ${text}`);
  return Number(text);
}

function hostOf(where: string, rest: readonly string[], at: string): InventoryHost {
  const named = rest.find((word) => word.startsWith('name='))?.slice('name='.length);
  const unknown = rest.find((word) => word.includes('=') && !word.startsWith('name='));
  if (unknown !== undefined || named === '')
    throw new UsageError(
      `${at}: ${unknown ?? 'name='} is not understood`,
      'a line is WHERE [name=NAME] [GROUP,GROUP]',
    );
  const groups = rest
    .filter((word) => !word.startsWith('name='))
    .flatMap((word) => word.split(','))
    .filter((word) => word !== '');
  return { name: named ?? where, where, groups };
}

function distinct(hosts: readonly InventoryHost[], file: string): readonly InventoryHost[] {
  const [twice] = hosts.filter(({ name }, index) => hosts.findIndex((each) => each.name === name) !== index);
  if (twice !== undefined)
    throw new UsageError(`${file} has ${twice.name} twice`, 'give one of them another name: name=NAME');
  if (hosts.length === 0) throw new UsageError(`there are no hosts in ${JSON.stringify(file)}`);
  return hosts;
}

function namesOf(hosts: readonly InventoryHost[]): string {
  const shown = hosts.slice(0, 10).map(({ name }) => name);
  return `${shown.join(', ')}${hosts.length > shown.length ? ` and ${hosts.length - shown.length} more` : ''}`;
}
