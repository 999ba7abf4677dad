import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePlace } from '../cli/support/claw-run.ts';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';

// A process ends once nothing is open any more. It would end all the same half a second later: whether it had to is told by what is loaded before it.

const missing = whyNoLab();
if (missing !== undefined) console.error(`whether processes end by themselves is not tried: ${missing}`);

const fixtures = join(import.meta.dirname, 'fixtures');
const runbook = join(fixtures, 'two-notices.yaml');
const env = { NODE_OPTIONS: `--require=${join(fixtures, 'tell-open.cjs')}` };

const wheres = ['root', 'ops', 'root by openssh', 'ops by openssh', 'ops elsewhere', 'local'] as const;
const pairs = wheres.flatMap((head) => wheres.map((client) => [head, client] as const));

describe.skipIf(missing !== undefined)('a process ends by itself', () => {
  let hosts: readonly LabHost[] = [];
  beforeAll(async () => {
    hosts = [await upHost('ends'), await upHost('ends')];
  });
  afterAll(async () => {
    for (const host of hosts) await host.down();
  });

  const host = (index: number): LabHost => {
    const found = hosts[index];
    if (found === undefined) throw new Error('the host is not up');
    return found;
  };
  const addressOf = (where: (typeof wheres)[number]): string => {
    if (where === 'local') return where;
    const { address, port } = host(where === 'ops elsewhere' ? 1 : 0);
    const scheme = where.includes('openssh') ? 'openssh' : 'ssh';
    return `${scheme}://${where.split(' ')[0]}@${address}:${port}`;
  };
  const bind = (name: string, where: (typeof wheres)[number]) => ['--target', `${name}=${addressOf(where)}`];
  const ways = () => [
    ...[host(0), host(1)].flatMap(({ known_hosts }) => ['--known-hosts', known_hosts]),
    ...['-i', host(0).key],
  ];

  test.each(pairs)('with its targets as %s and %s', async (head, client) => {
    const { run } = await makePlace(env);
    const stem = `/tmp/claw-ends-${randomBytes(6).toString('hex')}`;
    try {
      const given = [
        runbook,
        ...bind('head', head),
        ...bind('client', client),
        ...ways(),
        '-e',
        `stem=${stem}`,
      ];
      const calls = [
        [...given, '--check'],
        [...given, '--yes'],
        [...given, '--yes'],
        ['rollback', '--yes'],
      ];
      for (const call of calls) {
        const { exit, stdout, stderr } = await run(call);
        expect({ call, exit, stdout, stderr }).toEqual({
          call,
          exit: 0,
          stdout: expect.any(String),
          stderr: expect.not.stringContaining('still open'),
        });
      }
    } finally {
      for (const name of ['head', 'client']) await rm(`${stem}-${name}`, { force: true });
    }
  });

  test.each(['root', 'ops by openssh'] as const)(
    'with a target as %s, and one that is not bound',
    async (head) => {
      const { run } = await makePlace(env);
      for (const call of [1, 2]) {
        const ended = await run([runbook, ...bind('head', head), ...ways(), '-e', 'stem=/tmp/x', '--check']);
        expect({ call, ...ended }).toMatchObject({
          exit: 2,
          stderr: expect.not.stringContaining('still open'),
        });
      }
    },
  );
});
