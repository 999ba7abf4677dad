import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { ClawError } from '@claw-run/core';
import { settingOf } from './config-keywords.ts';
import { type ConfigLine, isNone, parseConfigLines } from './config-line.ts';
import { fitsPatterns } from './pattern.ts';

/** Whom the files are asked about. */
export interface ConfigQuery {
  /** As the user names it: what `Host` is compared with. */
  readonly host: string;
  /** Given with the destination; goes before what the files say. */
  readonly user?: string | undefined;
  /** Who runs claw-run, and where that user's files are. */
  readonly localUser: string;
  readonly home: string;
}

/** The settings that hold, by keyword in lower case: the first found, but all of `identityfile`. */
export type ConfigValues = ReadonlyMap<string, readonly ConfigLine[]>;

interface Reading {
  readonly query: ConfigQuery;
  readonly values: Map<string, ConfigLine[]>;
  /** Set in the second turn, which `Match final` asks for. */
  readonly final: boolean;
  wantsFinal: boolean;
}

const cumulative = new Set(['identityfile', 'certificatefile']);
const deepest = 16;

/**
 * What the files say of a host, by the rules of ssh_config(5): the first value wins, `Include` is followed, `Host` and `Match` choose. Files that do not exist say
 * nothing.
 * @throws ClawError `unreachable`, with file and line, for lines that cannot be read and for `Match exec`
 */
export async function readConfig(files: readonly string[], query: ConfigQuery): Promise<ConfigValues> {
  const first = await readAll(files, { query, values: new Map(), final: false, wantsFinal: false });
  if (!first.wantsFinal) return first.values;
  // From here on the name is settled, and it is the one that `Host` and `Match` are about.
  const name: ConfigLine = { keyword: 'hostname', words: [currentHost(first)], rest: '', at: '' };
  first.values.set('hostname', [name]);
  return (await readAll(files, { ...first, final: true })).values;
}

async function readAll(files: readonly string[], reading: Reading): Promise<Reading> {
  for (const file of files) await readOne(file, { reading, active: true, frozen: false, depth: 0 });
  return reading;
}

interface Place {
  readonly reading: Reading;
  active: boolean;
  /** Inside of an `Include` that does not hold: no `Host` in there can hold either. */
  readonly frozen: boolean;
  readonly depth: number;
}

async function readOne(file: string, place: Place): Promise<void> {
  const text = textOf(file);
  if (text === undefined) return;
  for (const line of parseConfigLines(text, file, fail)) {
    if (line.keyword === 'host')
      place.active = !place.frozen && fitsPatterns(hostOf(place.reading), line.words);
    else if (line.keyword === 'match') place.active = matches(line, place);
    else if (line.keyword === 'include') await include(line, file, place);
    else if (place.active) keep(line, place.reading.values);
  }
}

function keep(line: ConfigLine, values: Map<string, ConfigLine[]>): void {
  const keyword = settingOf(line.keyword);
  const known = values.get(keyword);
  if (known !== undefined && !cumulative.has(keyword)) return;
  // Whichever of the two comes first rules the other out; no jump hosts leave room for a command, though no command leaves none for jump hosts.
  if (keyword === 'proxyjump' && values.has('proxycommand')) return;
  const [jumps] = values.get('proxyjump') ?? [];
  if (keyword === 'proxycommand' && jumps !== undefined && !isNone(jumps)) return;
  if (known?.some((one) => one.words[0] === line.words[0])) return;
  values.set(keyword, [...(known ?? []), line]);
}

async function include(line: ConfigLine, file: string, place: Place): Promise<void> {
  if (place.depth >= deepest) fail(line.at, `Include goes deeper than ${deepest} files`);
  const { home } = place.reading.query;
  const base = file.startsWith('/etc/ssh/') ? '/etc/ssh' : join(home, '.ssh');
  for (const word of line.words) {
    const path = word.startsWith('~/')
      ? join(home, word.slice(2))
      : isAbsolute(word)
        ? word
        : join(base, word);
    for (const found of await filesFor(path)) {
      await readOne(found, {
        reading: place.reading,
        active: place.active,
        frozen: place.frozen || !place.active,
        depth: place.depth + 1,
      });
    }
  }
}

async function filesFor(path: string): Promise<readonly string[]> {
  if (!/[*?[]/.test(path)) return [path];
  const found: string[] = [];
  // A `**` and braces mean nothing to glob(7).
  const pattern = path.replaceAll(/\*+/g, '*').replaceAll(/[{}]/g, '[$&]');
  for await (const one of glob(pattern, { cwd: dirname(path).startsWith('/') ? '/' : '.' })) found.push(one);
  return found.sort();
}

function matches(line: ConfigLine, { reading, frozen }: Place): boolean {
  const words = [...line.words];
  let holds = !frozen;
  if (words.length === 0) fail(line.at, 'Match names no condition');
  while (words.length > 0) {
    const word = words.shift() ?? '';
    const negated = word.startsWith('!');
    const [, name = '', inline] = /^!?([^=]+)(?:=(.*))?$/.exec(word) ?? [];
    const condition = name.toLowerCase();
    const argument = () => inline ?? words.shift() ?? fail(line.at, `Match ${condition} has no value`);
    const result = conditionHolds(condition, { argument, reading, line, soFar: holds });
    if (result === negated) holds = false;
  }
  return holds;
}

interface Condition {
  readonly argument: () => string;
  readonly reading: Reading;
  readonly line: ConfigLine;
  readonly soFar: boolean;
}

function conditionHolds(condition: string, { argument, reading, line, soFar }: Condition): boolean {
  const { query, values } = reading;
  const fits = (text: string) => fitsPatterns(text, argument().split(','));
  switch (condition) {
    case 'all':
      return true;
    case 'canonical':
      return false;
    case 'final':
      reading.wantsFinal = true;
      return reading.final;
    case 'host':
      return fitsPatterns(currentHost(reading), argument().toLowerCase().split(','));
    case 'originalhost':
      return fitsPatterns(query.host.toLowerCase(), argument().toLowerCase().split(','));
    case 'user':
      return fits(query.user ?? values.get('user')?.[0]?.words[0] ?? query.localUser);
    case 'localuser':
      return fits(query.localUser);
    case 'exec':
      argument();
      if (!soFar) return false;
      return fail(
        line.at,
        'Match exec runs a command to decide what holds, which the built-in SSH does not do',
      );
    default:
      return fail(line.at, `Match ${condition} is not a condition that the built-in SSH knows`);
  }
}

function currentHost({ query, values }: Reading): string {
  const name = values.get('hostname')?.[0]?.words[0];
  return (name === undefined ? query.host : name.replaceAll('%h', query.host)).toLowerCase();
}

/** What `Host` is compared with; in the second turn that is the name that the first has found. */
function hostOf(reading: Reading): string {
  return reading.final ? currentHost(reading) : reading.query.host;
}

/** At once: the files are small, and on the way through the thread pool a connection would wait for a loop that is busy. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ClawError('unreachable', `cannot read the SSH configuration ${file} (${code})`, {
      cause: error,
    });
  }
}

function fail(at: string, finding: string): never {
  throw new ClawError('unreachable', `${at}: ${finding}`, {
    hint: 'correct the line, name another file of SSH configuration, or let the OpenSSH client connect: openssh://HOST',
  });
}
