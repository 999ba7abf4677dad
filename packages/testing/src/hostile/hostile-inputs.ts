import { type Definition, type JsonObject, Secret } from '@claw-run/core';
import type { Subject } from '../subject.ts';
import { type HostileUser, hostileNames } from './hostile-user.ts';

/** One use with inputs that a hostile user has a hand in. */
export interface HostileUse {
  readonly title: string;
  readonly definition: Definition;
  /** Parsed inputs. */
  readonly input: unknown;
}

/** The use as it is, and with its paths in the folder of the hostile user; users are that one; secrets are words that break what is careless. */
export function hostileUses(
  { definition, with: given }: Subject,
  hostile: HostileUser,
): readonly HostileUse[] {
  const uses: HostileUse[] = [];
  const add = (title: string, input: unknown) => {
    const parsed = definition.input.safeParse(input);
    if (parsed.success) uses.push({ title, definition, input: parsed.data });
  };
  const of = withUser(given, hostile.user) as JsonObject;
  add('as it is', of);
  for (const name of hostileNames) {
    const moved = withPaths(of, `${hostile.folder}/${name}`);
    if (JSON.stringify(moved) !== JSON.stringify(of)) add(`by ${name}`, moved);
  }
  for (const secret of secretsFor(hostile))
    for (const key of Object.keys(of)) {
      if (typeof of[key] !== 'string' || of[key].startsWith('/')) continue;
      add(`with ${key} as a secret, ${JSON.stringify(secret)}`, { ...of, [key]: new Secret(secret) });
    }
  return uses;
}

/** Quotes and shell text, the shortest, and a word that is everywhere. */
export function secretsFor({ injected }: Pick<HostileUser, 'injected'>): readonly string[] {
  return [`'"; touch ${injected}; $(touch ${injected}) \`touch ${injected}\` #'\\`, 'a', 'true'];
}

function withUser(value: unknown, user: string): unknown {
  return mapped(value, (text, key) => (key === 'user' || key === 'as' || key === 'owner' ? user : text));
}

/** Texts that are absolute paths; a list counts where each of its texts is one, since else it is a command. */
function withPaths(value: unknown, path: string): unknown {
  if (Array.isArray(value) && !value.every((one) => typeof one === 'string' && one.startsWith('/')))
    return value;
  if (typeof value === 'string') return /^\/[^\s]+$/.test(value) ? path : value;
  if (Array.isArray(value)) return value.map((one) => withPaths(one, path));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withPaths(one, path)]));
}

function mapped(value: unknown, change: (text: string, key: string) => string, key = ''): unknown {
  if (typeof value === 'string') return change(value, key);
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mapped(one, change, name)]));
}
