import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { Secret } from '@claw-run/core';
import { connectSsh } from '@claw-run/transports';
import { quoted } from '@claw-run/transports/quote';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LabHost, releasesFor, upHost, whyNoLab } from './support/lab.ts';

const why = whyNoLab();

describe.skipIf(why !== undefined).each(releasesFor('sudoers'))(
  'printed lines of sudoers, on %s',
  (release) => {
    let host: LabHost;

    beforeAll(async () => {
      host = await upHost('sudoers', { release });
      await host.sh(
        'useradd -m -s /bin/sh grantee && cp -r /home/ops/.ssh /home/grantee/ && chown -R grantee /home/grantee',
      );
      await host.sh("printf '%s\\n' 'grantee ALL=(root) NOPASSWD: /usr/bin/true x' >/etc/sudoers.d/grantee");
    });
    afterAll(() => host.down());

    /** What claw-run prints for commands that sudo refuses. */
    async function printed(commands: readonly (readonly string[])[], sudoPassword?: Secret) {
      const connection = await connectSsh({
        destination: `ssh://grantee@${host.address}:${host.port}`,
        name: 'lab',
        env: process.env,
        home: homedir(),
        configFiles: [],
        identityFiles: [host.key],
        knownHosts: [host.known_hosts],
        ...(sudoPassword !== undefined && { sudoPassword }),
      });
      try {
        const reads = commands.map(([program = '', ...words]) => {
          return { read: 'run', argv: [program, ...words], sudo: true } as const;
        });
        return (await connection.refused?.(reads, { signal: AbortSignal.timeout(60_000) })) ?? [];
      } finally {
        await connection.close();
      }
    }

    /** Does something while sudoers has more lines. */
    async function withRules(rules: string, work: () => Promise<void>): Promise<void> {
      await host.sh(`printf '%s\\n' ${quoted([rules])} >/etc/sudoers.d/zz && chmod 440 /etc/sudoers.d/zz`);
      try {
        await work();
      } finally {
        await host.sh('rm -f /etc/sudoers.d/zz; rm -rf /run/sudo/ts');
      }
    }

    test('sudo that wants a terminal is not told to lack a rule', () =>
      withRules('Defaults:grantee requiretty', () =>
        expect(printed([['true']])).rejects.toMatchObject({
          code: 'forbidden',
          message: expect.stringContaining('you must have a tty'),
          hint: expect.stringContaining('Defaults:grantee !requiretty'),
        }),
      ));

    test('a password of root is enough where sudo takes that', async () => {
      const password = randomBytes(12).toString('hex');
      await host.sh(`echo root:${password} | chpasswd`);
      await withRules('Defaults:grantee targetpw', async () => {
        expect(await printed([['true']], new Secret(password))).not.toEqual([]);
      });
      await withRules('Defaults:grantee targetpw\ngrantee ALL=(ALL) ALL', async () => {
        expect(await printed([['true']], new Secret(password))).toEqual([]);
        await expect(printed([['true']], new Secret('another'))).rejects.toMatchObject({ code: 'forbidden' });
      });
    });

    test('sudo itself allows by them what was asked, and nothing that is near it', async () => {
      const special = fc.constantFrom(...'#\\,:=!*?[]^$"\'(){}<>@%+~-/');
      const word = fc.string({
        unit: fc.oneof(special, fc.constantFrom('a', 'b', 'é')),
        minLength: 1,
        maxLength: 6,
      });
      const commands = fc
        .sample(fc.array(word, { maxLength: 4 }), {
          numRuns: 60,
          seed: Number(process.env.CLAW_RUN_TEST_SEED ?? 1),
        })
        .concat([['#include', '/etc/x'], ['a', '#0'], ['\\'], ['*'], ['[!a]'], ['^a$'], []])
        .map((words) => ['printf', ...words]);
      const grants = await printed(commands);
      const lines = grants.flatMap(({ line }) => line ?? []);
      expect(lines.length).toBeGreaterThan(40);
      const trials = grants.flatMap(({ command, line }) => {
        const [program, ...words] =
          commands.find((each) => command === quoted(['/usr/bin/printf', ...each.slice(1)])) ?? [];
        if (line === undefined || program === undefined) return [];
        const near = [
          [...words, 'x'],
          words.slice(0, -1),
          ...words.flatMap((one, at) =>
            [`${one}x`, `x${one}`, 'x', one.slice(1), `${one.slice(0, -1)}x`].map((other) =>
              words.with(at, other),
            ),
          ),
        ].filter((other) => other.join(' ') !== words.join(' '));
        return [{ line, words, near }];
      });
      const ask = (words: readonly string[]) =>
        `sudo -n -l -- ${quoted(['/usr/bin/printf', ...words])} >/dev/null 2>&1`;
      const script = trials.map(({ line, words, near }) => {
        const asked = [...near.map((one) => `! { ${ask(one)}; }`), ask(words)].join(' && ');
        return `printf '%s\\n' ${quoted([line])} >/etc/sudoers.d/grantee
visudo -cqf /etc/sudoers.d/grantee && [ "$(cvtsudoers -f json /etc/sudoers.d/grantee | grep -c '"command"')" = 1 ] &&
runuser -u grantee -- sh -c ${quoted([asked])} || printf '%s\\n' ${quoted([line])}`;
      });
      expect(trials.length).toBe(lines.length);
      expect(await host.sh('sh -s', { input: script.join('\n') })).toBe('');
    });

    test('what has no line of its own is not printed as one', async () => {
      await host.sh(
        "printf '#!/bin/sh\\n' >/home/grantee/tool; chmod 755 /home/grantee/tool; chown grantee /home/grantee/tool",
      );
      const commands = [
        ['printf', 'a b'],
        ['printf', 'a\nALL ALL=(ALL) NOPASSWD: ALL'],
        ['printf', ''],
        ['/home/grantee/tool', 'x'],
        ['no-such-program'],
      ];
      const grants = await printed(commands);
      expect(grants.map(({ line, unworded }) => line ?? unworded)).toEqual([
        'a word holds a space, and sudo cannot tell one word from two',
        'a word holds a line end, or a character that cannot be seen',
        'a word is empty, and sudo cannot tell where it is',
        'grantee can write /home/grantee/tool, and put another program in its place',
        '"no-such-program" is not in the folders that sudo searches',
      ]);
    });

    test('a program is not looked for in the PATH of the log-in first', async () => {
      await host.sh(
        "mkdir -p /home/grantee/bin; printf '#!/bin/sh\\n' >/home/grantee/bin/printf; chmod 755 /home/grantee/bin/printf; echo 'PATH=$HOME/bin:$PATH' >/home/grantee/.profile; echo 'PATH=/home/grantee/bin:/usr/bin:/bin' >/etc/environment; chown -R grantee /home/grantee",
      );
      const grants = await printed([['printf', 'x']]);
      expect(grants.map(({ line }) => line)).toEqual(['grantee ALL=(root) NOPASSWD: /usr/bin/printf x']);
    });
  },
);
