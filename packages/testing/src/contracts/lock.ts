import type { ClawError, Connection, RunResult } from '@claw-run/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { calm } from './calm.ts';
import type { ConnectHost, HostTried, HostWorld } from './host.ts';
import { oddSeconds, requestsTo } from './requests-to.ts';

/** What must hold of the lock of a host, and of what is done under it. */
export function describeLock(given: () => HostTried, connect: ConnectHost): void {
  describe('the lock', () => {
    let host: Connection<'host'>;
    let world: HostWorld;
    let folder = '';
    beforeEach(() => {
      ({ host, world, folder } = given());
    });
    const { key } = requestsTo(() => host);
    const holder = (name: string) => ({ run: name, runbook: 'test', who: 'tester@host' });

    it('is held by one run at a time, and told to the others', async () => {
      const lock = await host.lock(holder('one'), calm());
      await expect(host.lock(holder('two'), calm())).rejects.toMatchObject({
        code: 'locked',
        message: expect.stringMatching(/^run one \(test, by tester@host, since .*\) holds the lock of /),
        hint: expect.stringContaining('--break-lock'),
      });
      await (await host.lock(holder('one'), calm())).release();
      await lock.release();
      await (await host.lock(holder('two'), calm())).release();
    });

    it('is given to one of many that come at once', async () => {
      const all = await Promise.allSettled(
        Array.from({ length: 8 }, (_, index) => host.lock(holder(`run-${index}`), calm())),
      );
      const won = all.filter(({ status }) => status === 'fulfilled');
      expect(won).toHaveLength(1);
      for (const one of all) {
        if (one.status === 'fulfilled') await one.value.release();
        else expect((one.reason as ClawError).code).toBe('locked');
      }
    });

    it('is broken where that is asked for', async () => {
      await host.lock(holder('one'), calm());
      await (await host.lock(holder('two'), { ...calm(), force: true })).release();
    });

    it('is shared by the connections of one run to the same machine, and lost for all of them at once', async () => {
      const there = { lockFolder: `${folder}/locks` };
      const [one, two, other] = await Promise.all([connect(there), connect(there), connect(there)]);
      const touch = (name: string) => ({ do: 'run', argv: ['touch', `${folder}/${name}`] }) as const;
      const first = await one.lock(holder('one'), calm());
      const second = await two.lock(holder('one'), { ...calm(), beside: [first] });
      await one.perform(touch('shared-1'), key());
      await two.perform(touch('shared-2'), key());
      await one.perform(touch('shared-3'), key());
      const theirs = await other.lock(holder('two'), { ...calm(), force: true });
      for (const each of [one, two])
        await expect(each.perform(touch('shared-4'), key())).rejects.toMatchObject({ code: 'lock-lost' });
      await Promise.all([first.release(), second.release()]);
      await other.perform(touch('shared-5'), key());
      await theirs.release();
      expect(await world.sh(`ls -A ${folder}/locks; cd ${folder} && ls -d shared-*`)).toBe(
        'shared-1\nshared-2\nshared-3\nshared-5\n',
      );
      await world.sh(`rm -f ${folder}/shared-*`);
      await Promise.all([one.close(), two.close(), other.close()]);
    });

    it('is what every action takes place under: once it is broken or gone, none does', async () => {
      const there = { lockFolder: `${folder}/locks` };
      const [one, two] = await Promise.all([connect(there), connect(there)]);
      const touch = (name: string) => ({ do: 'run', argv: ['touch', `${folder}/${name}`] }) as const;
      const write = (name: string) => ({ do: 'write', path: `${folder}/${name}`, content: 'x' }) as const;
      const lock = await one.lock(holder('one'), calm());
      await one.perform(touch('before'), key());
      const theirs = await two.lock(holder('two'), { ...calm(), force: true });
      for (const action of [
        touch('after'),
        write('after'),
        { do: 'remove', path: `${folder}/before` } as const,
      ])
        await expect(one.perform(action, key())).rejects.toMatchObject({
          code: 'lock-lost',
          message: expect.stringMatching(/run two \(test, by tester@host\) has it now$/),
          notPerformed: true,
        });
      await two.perform(touch('theirs'), key());
      await lock.release();
      await two.perform(touch('still-theirs'), key());
      await theirs.release();
      const again = await one.lock(holder('one'), calm());
      await world.sh(`rm ${folder}/locks/claw-run.lock`);
      await expect(one.perform(touch('after'), key())).rejects.toMatchObject({
        code: 'lock-lost',
        message: expect.stringContaining('its file was removed'),
      });
      await again.release();
      expect(await world.sh(`cd ${folder} && ls before after theirs still-theirs 2>/dev/null || :`)).toBe(
        'before\nstill-theirs\ntheirs\n',
      );
      await world.sh(`rm -f ${folder}/before ${folder}/theirs ${folder}/still-theirs`);
      await Promise.all([one.close(), two.close()]);
    });

    it('is lost with its folder, as where a host or a container was started again', async () => {
      const one = await connect({ lockFolder: `${folder}/in/locks` });
      const lock = await one.lock(holder('one'), calm());
      await world.sh(`rm -r ${folder}/in`);
      const touch = { do: 'run', argv: ['touch', `${folder}/after`] } as const;
      await expect(one.perform(touch, key())).rejects.toMatchObject({
        code: 'lock-lost',
        message: expect.stringContaining('its file was removed'),
        notPerformed: true,
      });
      await lock.release();
      expect(await world.sh(`ls ${folder}`)).toBe('');
      await one.close();
    });

    describe('after an action whose end nobody saw', () => {
      const there = () => ({ lockFolder: `${folder}/locks` });
      const begin = async (line: string, more: { sudo?: boolean } = {}) => {
        const one = await connect(there());
        await one.lock(holder('one'), calm());
        const text = `touch ${folder}/begun; ${line}`;
        const stop = new AbortController();
        const action = { do: 'run', argv: ['sh', '-c', text], ...more } as const;
        const ended = one.perform(action, { ...key(), signal: stop.signal });
        ended.catch(() => undefined);
        await expect.poll(() => world.sh(`ls ${folder}`)).toContain('begun');
        return { one, stop, ended };
      };
      it.each([
        ['as who is logged in', false],
        ['by sudo', true],
      ])('waits for it, %s, and only then is the lock taken', async (_, sudo) => {
        const more = sudo && world.sudo ? { sudo } : {};
        const go = `${folder}/go`;
        const line = `until [ -e ${go} ]; do sleep 0.05; done; sleep 0.2; echo x >>${folder}/count`;
        const { one } = await begin(line, more);
        const two = await connect(there());
        const waits: string[] = [];
        const locking = two.lock(holder('one'), { ...calm(), onWait: (because) => waits.push(because) });
        await expect.poll(() => waits).toEqual([expect.stringContaining('still runs there')]);
        expect(await world.sh(`ls ${folder}`)).not.toContain('count');
        await world.sh(`touch ${go}`);
        const lock = await locking;
        expect(await world.sh(`cat ${folder}/count`)).toBe('x\n');
        await lock.release();
        await Promise.all([one.close(), two.close()]);
      });

      it('ends it at once where it was told to stop, and begins nothing that was still to come', async () => {
        const seconds = oddSeconds();
        const { one, stop, ended } = await begin(`sleep ${seconds}; touch ${folder}/late`);
        const queued = one.perform(
          { do: 'run', argv: ['touch', `${folder}/queued`] },
          { ...key(), signal: stop.signal },
        );
        queued.catch(() => undefined);
        const before = Date.now();
        stop.abort(new Error('enough'));
        await expect(ended).rejects.toThrow('enough');
        await expect(queued).rejects.toThrow('enough');
        expect(Date.now() - before).toBeLessThan(1000);
        expect((await one.read({ read: 'run', argv: ['echo', 'on'] }, calm())) as RunResult).toMatchObject({
          stdout: 'on\n',
        });
        expect(await world.sh(`pgrep -fc '^sleep ${seconds}$' || true`)).toMatch(/^0/);
        await one.perform({ do: 'run', argv: ['touch', `${folder}/after`] }, key());
        expect(await world.sh(`ls ${folder} | grep -v locks`)).toBe('after\nbegun\n');
        await one.close();
      });
    });

    it('is given up soon, whatever hangs, and so is the connection', async () => {
      const there = { lockFolder: `${folder}/locks` };
      const hung = await connect(there);
      const seconds = oddSeconds();
      const stop = new AbortController();
      await hung.read({ read: 'run', argv: ['true'] }, calm());
      const hanging = [
        hung.read({ read: 'run', argv: ['sleep', seconds] }, { signal: stop.signal }),
        hung.perform({ do: 'run', argv: ['sleep', seconds] }, { ...key(), signal: stop.signal }),
        hung.lock(holder('one'), { signal: stop.signal }),
      ];
      for (const each of hanging) each.catch(() => undefined);
      await expect.poll(() => world.sh(`pgrep -fc '^sleep ${seconds}$' || true`)).toMatch(/^1/);
      const before = Date.now();
      stop.abort(new Error('enough'));
      for (const each of hanging) await expect(each).rejects.toThrow('enough');
      const settled = Date.now();
      expect(settled - before).toBeLessThan(1000);
      await hung.close();
      expect(Date.now() - settled).toBeLessThan(2000);
      await expect.poll(() => world.sh(`pgrep -fc '^sleep ${seconds}$' || true`)).toMatch(/^0/);
    });
  });
}
