import type { Connection, Definition } from '@claw-run/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { law } from '../law.ts';
import { sample } from '../sampling.ts';
import type { Subject } from '../subject.ts';
import { type HostileUse, hostileUses, secretsFor } from './hostile-inputs.ts';
import { type HostileUser, startHostileUser } from './hostile-user.ts';
import { type Heard, textOf, tryUse } from './try-use.ts';

export interface HostileHostOptions {
  /** Connects to the host as root, or as whom sudo lets be root; closed at the end. */
  readonly connect: () => Promise<Connection<'host'>>;
  /** Runs a shell line there as root, beside the connection; its output. */
  readonly sh: (line: string) => Promise<string>;
  /** A user of the host without rights, and for nothing else: home and log-in scripts are made hostile. */
  readonly user: string;
  /** Passwords that the user must never come by, such as that of sudo. */
  readonly passwords?: readonly string[];
  /** How many of the subjects are tried; 16 where absent, and all with `CLAW_RUN_TEST_ALL=1`. */
  readonly subjects?: number;
  /** How often each is tried where its paths are the user's, at moments that nobody chooses; 3 where absent. */
  readonly rounds?: number;
}

/** A subject for each example of definitions that work on hosts. */
export function examplesOf(definitions: readonly Definition[]): readonly Subject[] {
  return definitions
    .filter(({ on }) => on === 'host')
    .flatMap((definition) =>
      definition.examples.map(({ title, with: given }) => ({
        title,
        definition,
        with: given as Subject['with'],
      })),
    );
}

/**
 * Registers the laws that hold on a host where a user is hostile: files, folders and links are swapped while root works on them, the log-in script lies and stays,
 * programs on the PATH are forged, and secrets are made of what careless code takes for something else. In no case is a file of root's read, changed,
 * given away or printed, an answer of root's forged, a password taken or a word run.
 */
export function describeHostileHost(subjects: readonly Subject[], options: HostileHostOptions): void {
  const { subjects: count = 16, rounds = 3 } = options;
  describe('where a user is hostile', () => {
    let hostile: HostileUser;
    let connection: Connection<'host'>;
    let untouched: string;
    beforeAll(async () => {
      hostile = await startHostileUser(options.sh, options.user);
      connection = await options.connect();
      untouched = await hostile.untouched();
    });
    afterAll(async () => {
      await connection?.close();
      await hostile?.end();
    });
    const some = sample(subjects, count, { key: 'hostile subjects' });
    for (const subject of some) {
      it(`${subject.definition.id}, ${subject.title}: root is used for nothing`, async () => {
        const cleanup = await subject.before?.(connection);
        try {
          for (const use of hostileUses(subject, hostile)) {
            const isTheirs = textOf(use.input).includes(hostile.folder);
            const acts = isTheirs || subject.before !== undefined || use.title.startsWith('with ');
            for (let round = 0; round < (isTheirs ? rounds : 1); round += 1)
              await law(use.title, async () =>
                expectHarmless(await tryUse(connection, use, acts), { hostile, use }),
              );
          }
        } finally {
          await cleanup?.();
        }
        expect(await hostile.untouched(), 'what only root may change').toBe(untouched);
        const stolen = await hostile.stolen();
        for (const password of options.passwords ?? []) expect(stolen).not.toContain(password);
      });
    }
  });
}

function expectHarmless(
  heard: readonly Heard[],
  { hostile, use }: { hostile: HostileUser; use: HostileUse },
): void {
  for (const { wanted, said } of heard) {
    const text = textOf(said);
    expect(text, `told by ${textOf(wanted)}`).not.toContain(hostile.secret);
    expect(text, `told by ${textOf(wanted)}`).not.toContain('root:$');
    const isTheirs =
      ('as' in wanted && wanted.as !== undefined) || textOf(use.input).includes(hostile.folder);
    if (!isTheirs) expect(text, `root’s answer to ${textOf(wanted)}`).not.toContain(hostile.mark);
    if ('argv' in wanted)
      expect(textOf(wanted.argv), 'the words of a command').not.toContain(
        secretsFor(hostile)[0]?.slice(0, 12),
      );
  }
}
