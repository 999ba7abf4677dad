import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterObject, Connection, JsonObject } from '@claw-run/core';
import { afterAll, beforeAll } from 'vitest';
import { arrange } from './arrange.ts';
import { type Observed, observe } from './observe.ts';
import { type Snapshot, snapshot } from './snapshot.ts';
import type { Subject } from './subject.ts';
import { createTrial, type Trial } from './trial.ts';

/** A subject in its world, made anew. */
export interface Scene {
  readonly subject: Pick<Subject, 'definition' | 'with'>;
  readonly trial: Trial;
  readonly observe: () => Promise<Observed>;
  /** Everything that the subject reads and that was given, as the target gives it. */
  readonly snapshot: () => Promise<Snapshot>;
}

/** Sets a scene, lets it be played and clears it away. */
export type Play = (
  subject: Subject,
  play: (scene: Scene) => Promise<void>,
  other?: { readonly with?: JsonObject; readonly given?: readonly ClusterObject[] },
) => Promise<void>;

/** Registers hooks that hold one connection and a folder for journals while a suite runs. */
export function useBench(connect: () => Promise<Connection>): Play {
  let connection: Connection | undefined;
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claw-run-laws-'));
    connection = await connect();
  });
  afterAll(async () => {
    await connection?.close();
    await rm(folder, { recursive: true, force: true });
  });
  return async (subject, play, other = {}) => {
    if (connection === undefined) throw new Error('there is no connection yet');
    const target = connection;
    const use = { ...subject, with: other.with ?? subject.with };
    const given = other.given ?? subject.given ?? [];
    const cleanup = await arrange(target, use, given);
    try {
      await play({
        subject: use,
        // the key that signs journals is beside their folder
        trial: createTrial(target, use, join(folder, 'journals')),
        observe: () => observe(target, use.definition, use.with),
        snapshot: async () => {
          const { facts } = await observe(target, use.definition, use.with);
          const { lasting = (raw) => raw } = subject;
          const seen = await snapshot(target, facts, given);
          return Object.fromEntries(Object.entries(seen).map(([read, raw]) => [read, lasting(raw)]));
        },
      });
    } finally {
      await cleanup?.();
    }
  };
}
