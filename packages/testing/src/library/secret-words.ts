import { randomBytes } from 'node:crypto';
import {
  type Action,
  type Connection,
  type Definition,
  type Facts,
  isRefused,
  mapSecrets,
  Secret,
  secretsIn,
} from '@claw-run/core';
import { law } from '../law.ts';
import { imaginedWorlds } from './imagined-world.ts';

const name = 'no secret is a word of a command';

/** Puts a secret into each text of an input that takes one, and looks for it among the words of commands. */
export async function expectNoSecretWords(definition: Definition, given: unknown): Promise<void> {
  const word = `canary${randomBytes(8).toString('hex')}`;
  for (const { path, input } of withSecret(given, new Secret(word))) {
    const parsed = definition.input.safeParse(input);
    if (!parsed.success) continue;
    await law(name, () => {
      for (const { what, argv } of commandsOf(definition, parsed.data))
        if (argv.some((one) => String(one).includes(word)))
          throw new Error(
            `the input ${path} is a secret, and ${what} has it among its words: ${shown(argv, word)}`,
          );
    });
  }
}

/** A shorter secret may be a part of any word by chance. */
const leastLength = 8;

/** Watches a connection for secrets of the inputs among the words of commands; `expectNone` tells what was heard since. */
export function watchWords(inputs: readonly unknown[]): {
  readonly watch: (connection: Connection) => Connection;
  readonly expectNone: () => Promise<void>;
} {
  const secrets = secretsIn(inputs)
    .map((secret) => secret.reveal())
    .filter((text) => text.length >= leastLength);
  const heard: string[] = [];
  const look = (what: string, wanted: object) => {
    const { argv } = wanted as { argv?: readonly unknown[] };
    for (const text of secrets)
      if (argv?.some((one) => String(one).includes(text))) heard.push(`${what}: ${shown(argv, text)}`);
  };
  return {
    watch: (connection) => ({
      kind: connection.kind,
      name: connection.name,
      ...(connection.warnings === undefined ? {} : { warnings: connection.warnings }),
      read(read, options) {
        look('a command that reads', read);
        return connection.read(read, options);
      },
      perform(action, options) {
        look('a command that acts', action);
        return connection.perform(action, options);
      },
      lock: (holder, options) => connection.lock(holder, options),
      close: () => connection.close(),
      ...(connection.begin === undefined ? {} : { begin: connection.begin.bind(connection) }),
      ...(connection.refused === undefined ? {} : { refused: connection.refused.bind(connection) }),
    }),
    expectNone: () =>
      law(name, () => {
        const [first] = heard.splice(0);
        if (first !== undefined) throw new Error(first);
      }),
  };
}

interface Command {
  readonly what: string;
  readonly argv: readonly unknown[];
}

function commandsOf(definition: Definition, input: unknown): readonly Command[] {
  const reads = inFacts(quiet<Facts>(() => definition.facts(input)) ?? {});
  const acts = imaginedWorlds(definition, input).flatMap((seen) => {
    const more = quiet<Facts>(() => definition.moreFacts?.(input, seen) ?? {}) ?? {};
    return [...inFacts(more), ...inActions(quiet(() => actionsOf(definition, input, seen)) ?? [])];
  });
  return [...reads, ...acts];
}

function inFacts(facts: Facts): readonly Command[] {
  return Object.entries(facts).flatMap(([fact, { read }]) =>
    read.read === 'run' ? [{ what: `the command of the fact ${fact}`, argv: read.argv }] : [],
  );
}

function inActions(actions: readonly Action[]): readonly Command[] {
  return actions.flatMap((action) =>
    action.do === 'run' ? [{ what: 'a command that acts', argv: action.argv }] : [],
  );
}

function actionsOf(
  definition: Definition,
  input: unknown,
  seen: { readonly [fact: string]: unknown },
): readonly Action[] {
  if (definition.type === 'state') {
    const wanted = definition.desire(input, seen);
    if (isRefused(wanted)) return [];
    const after = { ...seen, ...wanted };
    return [...definition.actions(seen, after, input), ...definition.actions(after, seen, input)];
  }
  if (definition.type !== 'event') return [];
  return definition.actions(input, seen, {
    run: 'run-1',
    startedAt: '2026-01-02T03:04:05.000Z',
    changed: [],
  });
}

/** The input with each of its texts replaced in turn. */
function withSecret(
  value: unknown,
  secret: Secret,
  path = '',
): readonly { readonly path: string; readonly input: unknown }[] {
  if (typeof value === 'string') return [{ path, input: secret }];
  if (typeof value !== 'object' || value === null || value instanceof Secret) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    withSecret(item, secret, path === '' ? key : `${path}.${key}`).map((one) => ({
      path: one.path,
      input: Array.isArray(value) ? value.with(Number(key), one.input) : { ...value, [key]: one.input },
    })),
  );
}

function shown(argv: readonly unknown[], word: string): string {
  const words = mapSecrets(argv, String) as readonly unknown[];
  return words.map((one) => String(one).replaceAll(word, '‹secret›')).join(' ');
}

/** An input with a secret may be one that a step cannot deal with in an invented world. */
function quiet<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
