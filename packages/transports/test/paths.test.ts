import { randomBytes } from 'node:crypto';
import { ClawError, type FileState } from '@claw-run/core';
import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectLocal } from '../src/index.ts';

const users = ['daemon', 'bin'] as const;
const isRoot = process.getuid?.() === 0;
const sh = async (line: string) => (await execa('sh', ['-c', line], { stdin: 'ignore' })).stdout;

/** A folder of the way: whose, and who may write to it. */
const folder = fc.record({
  owner: fc.constantFrom('root', 'root', 'root', ...users),
  group: fc.constantFrom('root', 'root', 'users', ...users),
  mode: fc.constantFrom('755', '755', '700', '775', '777', '1777', '1775', '711'),
  byLink: fc.boolean(),
  linkOwner: fc.constantFrom('root', 'root', ...users),
});

describe.skipIf(!isRoot)('a path through any folders', () => {
  it('is read by root where no user can put something else in any of its places, and only there', async () => {
    const host = connectLocal({ env: { PATH: process.env.PATH } });
    await fc.assert(
      fc.asyncProperty(
        fc.array(folder, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('root', ...users),
        async (folders, owner) => {
          const top = `/srv/claw-paths-${randomBytes(6).toString('hex')}`;
          try {
            const { path, places } = await made(top, folders, owner);
            const thieves = (await Promise.all(places.map((place) => thievesOf(place)))).flat();
            const seen = await host
              .read({ read: 'file', path }, { signal: AbortSignal.timeout(60_000) })
              .then((file) => (file as FileState | null)?.content)
              .catch((error: unknown) => (error instanceof ClawError ? error.code : String(error)));
            const isOfRoot = owner === 'root';
            if (isOfRoot && thieves.length > 0) expect(seen).not.toBe('secret');
            // a group may have members that nobody can list, a closed folder may have been open, and a link of a user's is that user's
            const unsure = folders.some(
              ({ group, mode, byLink, linkOwner }) =>
                mode === '700' ||
                (group === 'users' && /775$/.test(mode)) ||
                (byLink && linkOwner !== 'root'),
            );
            if (thieves.length === 0 && !unsure) expect(seen).toBe('secret');
            if (new Set(thieves).size > 1) expect(seen).not.toBe('secret');
          } finally {
            await sh(`rm -rf ${top}`);
          }
        },
      ),
      {
        numRuns: 40,
        ...(process.env.CLAW_RUN_TEST_SEED ? { seed: Number(process.env.CLAW_RUN_TEST_SEED) } : {}),
      },
    );
    await host.close();
  }, 300_000);
});

/** The way, and every place on it that somebody might put something else into. */
async function made(
  top: string,
  folders: readonly (typeof folder extends fc.Arbitrary<infer T> ? T : never)[],
  owner: string,
) {
  let path = top;
  let real = top;
  const places: string[] = [];
  const lines = [`mkdir -m 755 ${top}`];
  for (const [index, { owner: whose, group, mode, byLink, linkOwner }] of folders.entries()) {
    const name = byLink ? `real-${index}` : `folder-${index}`;
    lines.push(`mkdir ${real}/${name}`);
    places.push(`${real}/${name}`);
    if (byLink) {
      lines.push(
        `ln -s ${real}/${name} ${real}/folder-${index}; chown -h ${linkOwner} ${real}/folder-${index}`,
      );
      places.push(`${real}/folder-${index}`);
    }
    path = `${path}/folder-${index}`;
    real = `${real}/${name}`;
    lines.push(`chown ${whose}:${group} ${real}; chmod ${mode} ${real}`);
  }
  lines.push(`(umask 077; printf secret >${real}/file); chown ${owner} ${real}/file`);
  places.push(`${real}/file`);
  await sh(lines.join('\n'));
  return { path: `${path}/file`, places };
}

/** Who can move away what is at a place; root puts it back. */
async function thievesOf(place: string): Promise<readonly string[]> {
  const tries = users.map(
    (user) =>
      `su -s /bin/sh ${user} -c 'mv -T ${place} ${place}.taken' 2>/dev/null && { echo ${user}; mv -T ${place}.taken ${place}; }; true`,
  );
  return (await sh(tries.join('\n'))).split('\n').filter(Boolean);
}
