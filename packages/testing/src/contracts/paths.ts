import { randomBytes } from 'node:crypto';
import type { Connection, FileState, RunResult } from '@claw-run/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { calm } from './calm.ts';
import type { HostWorld } from './host.ts';

/**
 * What root does on a host where another user, `intruder`, owns folders and links: done as that user, or refused, and in no case to a file that is not
 * theirs. `worldOf` and `hostOf` are asked in the tests alone.
 */
export function describePaths(worldOf: () => HostWorld, hostOf: () => Connection<'host'>): void {
  describe('a path of somebody else’s', () => {
    let top = '';
    let theirs = '';
    let canary = '';
    const key = () => ({ key: 'run/step/0', ...calm() });
    const who = () => worldOf().intruder ?? '';
    const root = () => (worldOf().user === 'root' ? {} : { sudo: true as const });
    const sh = (line: string) => worldOf().sh(line);
    const asThem = (line: string) => sh(`su -s /bin/sh ${who()} -c '${line}'`);
    const read = (path: string) =>
      hostOf().read({ read: 'file', path, ...root() }, calm()) as Promise<FileState | null>;
    const write = (path: string, more: { content?: string; owner?: string; mode?: number } = {}) =>
      hostOf().perform({ do: 'write', path, content: 'new\n', ...root(), ...more }, key());
    const run = (argv: readonly [string, ...string[]], paths: readonly string[]) =>
      hostOf().read({ read: 'run', argv, paths, ...root() }, calm()) as Promise<RunResult>;

    beforeEach(async ({ skip }) => {
      skip(who() === '', 'nobody else here');
      top = `/srv/claw-paths-${randomBytes(6).toString('hex')}`;
      theirs = `${top}/theirs`;
      canary = `${top}/closed/canary`;
      await sh(
        `mkdir -p -m 755 ${top}; mkdir -m 700 ${top}/closed; (umask 077; echo 'root only' > ${canary}); install -d -o ${who()} -m 755 ${theirs}`,
      );
    });
    afterEach(async () => {
      if (top === '') return;
      expect(await sh(`cat ${canary}; stat -c '%U %a' ${canary}; ls -A ${top}/closed`)).toBe(
        'root only\nroot 600\ncanary\n',
      );
      await sh(`rm -rf ${top}`);
      top = '';
    });

    it('leads to no file that they may not read themselves', async () => {
      await asThem(`ln -s ${canary} ${theirs}/link; ln -s ${top}/closed ${theirs}/folder`);
      for (const path of [`${theirs}/link`, `${theirs}/folder/canary`])
        await expect(read(path)).rejects.toMatchObject({
          code: 'forbidden',
          message: expect.stringMatching(
            new RegExp(`^cannot read ${path} as ${who()} on .*: Permission denied$`),
          ),
          hint: expect.stringContaining(`${theirs} belongs to ${who()}`),
        });
      await expect(write(`${theirs}/link`)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(write(`${theirs}/folder/canary`)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(
        hostOf().perform({ do: 'remove', path: `${theirs}/folder/canary`, ...root() }, key()),
      ).rejects.toMatchObject({
        code: 'forbidden',
      });
    });

    it('is read, written and removed as they would', async () => {
      const path = `${theirs}/own file`;
      await asThem(`umask 077; echo old > "${path}"`);
      expect(await read(path)).toMatchObject({ content: 'old\n', mode: 0o600, owner: who() });
      await write(path);
      expect(await read(path)).toMatchObject({ content: 'new\n', mode: 0o600, owner: who() });
      await write(`${theirs}/made`, { mode: 0o640 });
      expect(await read(`${theirs}/made`)).toMatchObject({ content: 'new\n', mode: 0o640, owner: who() });
      await asThem(`ln -s "${path}" ${theirs}/link`);
      await write(`${theirs}/link`, { content: 'by the link\n' });
      expect(await read(path)).toMatchObject({ content: 'by the link\n' });
      expect(await read(`${theirs}/none`)).toBeNull();
      await hostOf().perform({ do: 'remove', path: `${theirs}/made`, ...root() }, key());
      expect(await sh(`ls -A ${theirs}`)).toBe('link\nown file\n');
      await hostOf().perform({ do: 'remove', path: `${theirs}/link`, ...root() }, key());
      expect(await sh(`ls -A ${theirs}`)).toBe('link\n');
    });

    it('is not written where the file is, or is to be, of somebody else', async () => {
      await sh(`echo kept > ${theirs}/roots`);
      await expect(write(`${theirs}/roots`)).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining(`as ${who()}`),
      });
      await expect(write(`${theirs}/new`, { owner: 'root' })).rejects.toMatchObject({ code: 'forbidden' });
      expect(await sh(`cat ${theirs}/*; ls -A ${theirs}`)).toBe('kept\nroots\n');
      expect(await read(`${theirs}/roots`)).toMatchObject({ content: 'kept\n', owner: 'root' });
    });

    it('that is a fifo keeps nobody waiting', async () => {
      await asThem(`mkfifo ${theirs}/fifo`);
      await expect(read(`${theirs}/fifo`)).rejects.toMatchObject({
        message: `${theirs}/fifo is a fifo, not a file`,
      });
      await expect(write(`${theirs}/fifo`)).rejects.toMatchObject({
        message: expect.stringContaining('it is a fifo, not a file'),
      });
    });

    it('is given to a command that runs as them', async () => {
      await asThem(`echo theirs > ${theirs}/file; ln -s ${canary} ${theirs}/link`);
      expect(await run(['id', '-un'], [`${top}/closed`])).toMatchObject({ stdout: 'root\n' });
      expect(await run(['id', '-un'], [`${theirs}/file`])).toMatchObject({ stdout: `${who()}\n` });
      expect(await run(['cat', `${theirs}/link`], [`${theirs}/link`])).toMatchObject({
        exit: 1,
        stdout: '',
        stderr: expect.stringContaining('Permission denied'),
      });
    });

    it('that more than one user can change is refused, with what to do about it', async () => {
      await sh(
        `cd ${top} && mkdir -m 777 open && mkdir group && chgrp users group && chmod 775 group && touch open/file group/file`,
      );
      await sh(`cd ${theirs} && install -d -o bin -m 755 other && touch other/file`);
      await expect(read(`${top}/open/file`)).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining(`everybody may write to ${top}/open`),
        hint: `take that away: chmod o-w ${top}/open`,
      });
      await expect(write(`${top}/group/file`)).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining(`the group users may write to ${top}/group`),
        hint: `take that away: chmod g-w ${top}/group`,
      });
      await expect(write(`${theirs}/other/file`)).rejects.toMatchObject({
        message: expect.stringContaining(`${theirs}/other belongs to bin`),
      });
    });

    it('that a group of one member may write to is that member’s', async () => {
      await sh(
        `cd ${top} && mkdir own roots && chgrp ${who()} own && chgrp root roots && chmod 775 own roots && (umask 077; echo roots > roots/file) && touch own/file && chown ${who()}:${who()} own/file`,
      );
      await write(`${top}/own/file`);
      expect(await read(`${top}/own/file`)).toMatchObject({ content: 'new\n', owner: who() });
      await expect(write(`${top}/own/new`, { owner: 'root' })).rejects.toMatchObject({
        hint: expect.stringContaining(`the group of ${who()} may write to ${top}/own`),
      });
      expect(await read(`${top}/roots/file`)).toMatchObject({ content: 'roots\n' });
      await write(`${top}/roots/file`);
      expect(await sh(`cat ${top}/roots/file`)).toBe('new\n');
    });

    it('where everybody makes files is only followed to those of root that have one name', async () => {
      await sh(
        `mkdir -m 1777 ${top}/tmp; cd ${top}/tmp; echo roots > roots; ln ${canary} hard; ln -s roots link; echo beside > ../beside; ln -s ../beside out`,
      );
      await asThem(`cd ${top}/tmp; echo theirs > theirs; ln -s ${canary} planted; ln -s ${canary} fresh`);
      const at = (name: string) => `${top}/tmp/${name}`;
      expect(await read(at('roots'))).toMatchObject({ content: 'roots\n' });
      expect(await read(at('link'))).toMatchObject({ content: 'roots\n' });
      expect(await read(at('out'))).toMatchObject({ content: 'beside\n' });
      expect(await read(at('theirs'))).toMatchObject({ content: 'theirs\n', owner: who() });
      expect(await read(at('none'))).toBeNull();
      await expect(read(at('hard'))).rejects.toMatchObject({
        message: expect.stringContaining('more than one name'),
      });
      await expect(read(at('planted'))).rejects.toMatchObject({ code: 'forbidden' });
      await write(at('roots'));
      await write(at('made'), { mode: 0o600 });
      expect(await sh(`cd ${top}/tmp; cat roots made; stat -c '%U %a' made; rm hard`)).toBe(
        'new\nnew\nroot 600\n',
      );
    });

    it('of root’s own links is followed, in every folder of the way', async () => {
      await sh(
        `cd ${top}; mkdir -p a/b; echo deep > a/b/file; ln -s a one; ln -s ${top}/one/b two; ln -s two/../b/file three; ln -s theirs four; ln -s five five`,
      );
      await asThem(`echo theirs > ${theirs}/file`);
      expect(await read(`${top}/three`)).toMatchObject({ content: 'deep\n' });
      expect(await read(`${top}//two/./file`)).toMatchObject({ content: 'deep\n' });
      expect(await read(`${top}/four/file`)).toMatchObject({ content: 'theirs\n', owner: who() });
      expect(await read(`${top}/five`)).toBeNull();
      await write(`${top}/three`);
      expect(await sh(`cat ${top}/a/b/file; test -L ${top}/three && ls -A ${top}/a/b`)).toBe('new\nfile\n');
    });

    it('that they swap all the time never leads elsewhere', async () => {
      await asThem(
        `mkdir ${theirs}/real; echo theirs > ${theirs}/real/canary; ln -s ${top}/closed ${theirs}/evil; ln -s real ${theirs}/way`,
      );
      const swap = `cd ${theirs}; while [ ! -e stop ]; do ln -sfn ../closed way; ln -sfn real way; for f in real/.*claw-run*; do [ -f "$f" ] && mv -f "$f" real/taken && ln -s ${canary} "$f"; done; done; true`;
      const swapping = sh(`su -s /bin/sh ${who()} -c '${swap.replaceAll("'", "'\\''")}' >/dev/null 2>&1`);
      try {
        const path = `${theirs}/way/canary`;
        for (let turn = 0; turn < 20; turn += 1) {
          const [seen] = await Promise.allSettled([read(path), write(path, { content: 'forged\n' })]);
          if (seen?.status === 'fulfilled') expect(seen.value?.content ?? '').not.toContain('root only');
          await hostOf()
            .perform({ do: 'remove', path: `${theirs}/way/other`, ...root() }, key())
            .catch(() => undefined);
        }
      } finally {
        await asThem(`touch ${theirs}/stop`);
        await swapping;
      }
    });
  });
}
