import type { Connection } from '@claw-run/core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { HostTried, HostWorld } from './host.ts';
import { requestsTo } from './requests-to.ts';

/** What must hold of files that are read, written and removed on a host. */
export function describeFiles(given: () => HostTried): void {
  describe('a file', () => {
    let host: Connection<'host'>;
    let world: HostWorld;
    let folder = '';
    beforeEach(() => {
      ({ host, world, folder } = given());
    });
    const { key, file } = requestsTo(() => host);
    it('is read with its mode and owners, and is nothing where there is none', async () => {
      await world.sh(
        `cd ${folder} && printf 'text\\n\\n' > 'a b' && chown ${world.user}:daemon 'a b' && chmod 640 'a b'`,
      );
      await world.sh(
        `cd ${folder} && ln -s 'a b' link && ln -s nowhere dangling && chown -R ${world.user} .`,
      );
      const [plain, linked, none, below, dangling] = await Promise.all(
        ['a b', 'link', 'none', 'a b/below', 'dangling'].map((name) => file(`${folder}/${name}`)),
      );
      expect(plain).toEqual({ content: 'text\n\n', mode: 0o640, owner: world.user, group: 'daemon' });
      expect(linked).toEqual(plain);
      expect([none, below, dangling]).toEqual([null, null, null]);
    });

    it('that is none is told from one', async () => {
      await expect(file(folder)).rejects.toMatchObject({
        code: 'fact-unreadable',
        message: `${folder} is a directory, not a file`,
      });
      await world.sh(`mkfifo ${folder}/fifo`);
      await expect(file(`${folder}/fifo`)).rejects.toMatchObject({
        message: `${folder}/fifo is a fifo, not a file`,
      });
    });

    it('comes back byte for byte as it was written, under any name', async () => {
      const contents = [
        '',
        'x',
        "it's \\0 %s %b $HOME `id`\n",
        '\0\u0001\u0081ü‹’\r\n'.repeat(3000),
        'a\n\n\n',
      ];
      const names = ['plain', "it's", '-n', 'a b\nc', 'ü'];
      for (const [index, content] of contents.entries()) {
        const path = `${folder}/${names[index]}`;
        await host.perform({ do: 'write', path, content }, key());
        expect(await file(path)).toMatchObject({ content, mode: 0o644 });
      }
      expect(await world.sh(`ls -A ${folder} | grep -c claw-run || true`)).toMatch(/^0/);
    });

    it('keeps mode, owners, and access lists when it is written, unless they are given', async () => {
      await world.sh(
        `cd ${folder} && echo old > kept && chown ${world.user}: kept && chmod 2604 kept && ln -s kept link`,
      );
      const [uid, inode] = (await world.sh(`stat -c '%u %i' ${folder}/kept`)).trim().split(' ');
      await host.perform({ do: 'write', path: `${folder}/link`, content: 'new' }, key());
      expect(await file(`${folder}/kept`)).toMatchObject({
        content: 'new',
        mode: 0o2604,
        owner: world.user,
      });
      expect(await world.sh(`test -L ${folder}/link && stat -c %u ${folder}/kept`)).toMatch(uid ?? '?');
      expect(await world.sh(`stat -c %i ${folder}/kept`)).not.toContain(inode);
      await host.perform({ do: 'write', path: `${folder}/kept`, content: '', mode: 0o600 }, key());
      expect(await file(`${folder}/kept`)).toMatchObject({ content: '', mode: 0o600 });
      expect((await world.sh(`ls -A ${folder}`)).trim().split('\n')).toEqual(['kept', 'link']);
    });

    it('that cannot be written says why, and leaves nothing behind', async () => {
      const path = `${folder}/no/such/folder`;
      await expect(host.perform({ do: 'write', path, content: 'x' }, key())).rejects.toMatchObject({
        code: 'action-failed',
        message: expect.stringMatching(/^cannot write .*folder: .*No such file/),
      });
      await expect(host.perform({ do: 'write', path: folder, content: 'x' }, key())).rejects.toMatchObject({
        message: `cannot write ${folder}: it is a directory, not a file`,
      });
      expect(await world.sh(`ls -A ${folder}`)).toBe('');
    });

    it('is removed, and what is gone already counts as removed', async () => {
      await world.sh(`echo x > ${folder}/-f`);
      await host.perform({ do: 'remove', path: `${folder}/-f` }, key());
      await host.perform({ do: 'remove', path: `${folder}/-f` }, key());
      expect(await file(`${folder}/-f`)).toBeNull();
    });

    it('that was made through a link is removed, and the link stays', async () => {
      const path = `${folder}/link`;
      await world.sh(`ln -s real ${path}`);
      await host.perform({ do: 'write', path, content: 'new' }, key());
      expect(await world.sh(`cat ${folder}/real`)).toBe('new');
      for (const _ of ['there', 'gone']) {
        await host.perform({ do: 'remove', path }, key());
        expect(await world.sh(`ls -A ${folder}; readlink ${path}`)).toBe('link\nreal\n');
      }
    });
  });
}
