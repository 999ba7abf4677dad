import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@claw-run/core';
import { describeHostContract } from '@claw-run/testing';
import { connectOpenSsh, type OpenSshOptions } from '@claw-run/transports';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Beside, besideOf } from './support/beside.ts';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';

const without = whyNoLab();
if (without !== undefined) console.warn(`transports on lab hosts are not tried: ${without}`);

describe.skipIf(without !== undefined)('over the OpenSSH client', () => {
  let lab: LabHost;
  let beside: Beside;
  let password: Secret;

  beforeAll(async () => {
    lab = await upHost('t-openssh');
    beside = await besideOf(lab);
    password = await sudoPassword(lab);
    await beside.sh(
      `printf '%s\\n' 'bob ALL=(root) NOPASSWD: /usr/bin/id -u, /usr/bin/cat /etc/shadow' > /etc/sudoers.d/bob`,
    );
    await beside.sh(`printf 'Defaults:ops2 timestamp_timeout=5\\n' > /etc/sudoers.d/tickets`);
  });
  afterAll(async () => {
    await beside?.close();
    await lab?.down();
  });

  const connect = (user: string, more: Partial<OpenSshOptions> = {}) =>
    connectOpenSsh({
      destination: `ssh://${user}@${lab.address}:${lab.port}`,
      name: 'lab',
      env: process.env,
      configFiles: [],
      identityFiles: [lab.key],
      knownHosts: [lab.known_hosts],
      ...more,
    });
  const calm = () => ({ signal: AbortSignal.timeout(60_000) });

  const logins = [
    { user: 'root', sh: ['sh'], sudo: true, password: false },
    { user: 'root', sh: ['busybox', 'sh'], sudo: true, password: false },
    { user: 'ops', sh: ['bash'], sudo: true, password: false },
    { user: 'ops2', sh: ['sh'], sudo: true, password: true },
    { user: 'alice', sh: ['sh'], sudo: false, password: false },
  ] as const;
  for (const { user, sh, sudo, password: asks } of logins) {
    describeHostContract(
      `as ${user}, in ${sh.join(' ')}`,
      async (settings) => connect(user, { ...settings, sh, ...(asks ? { sudoPassword: password } : {}) }),
      async () => ({
        sh: (line) => beside.sh(line),
        user,
        sudo,
        other: 'bob',
        ...(sudo ? { intruder: 'alice' } : {}),
      }),
    );
  }

  it('names what sudo refuses before anything is tried, and runs what narrow rules grant', async () => {
    const host = connect('bob');
    const id = { read: 'run', argv: ['id', '-u'], sudo: true } as const;
    const restart = { do: 'run', argv: ['systemctl', 'restart', 'cron'], sudo: true } as const;
    expect(await host.refused?.([id, restart], calm())).toEqual([
      {
        user: 'bob',
        runAs: 'root',
        command: '/usr/bin/systemctl restart cron',
        line: 'bob ALL=(root) NOPASSWD: /usr/bin/systemctl restart cron',
      },
    ]);
    expect(await host.read(id, calm())).toMatchObject({ exit: 0, stdout: '0\n' });
    await expect(host.perform(restart, { key: 'a/b/0', ...calm() })).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/^bob may not run `systemctl restart cron` as root on lab: /),
      hint: expect.stringContaining('bob ALL=(root) NOPASSWD: /usr/bin/systemctl restart cron'),
    });
    await host.close();
  });

  describe('where narrow rules want a password', () => {
    const given = new Secret(`p-${randomBytes(9).toString('hex')}`);
    const id = { read: 'run', argv: ['id', '-u'], sudo: true } as const;
    const shadow = { read: 'run', argv: ['cat', '/etc/shadow'], sudo: true } as const;
    const write = { do: 'run', argv: ['touch', '/root/narrow'], sudo: true } as const;
    const wanted = [id, shadow, write];
    const named = (command: string) =>
      ({
        user: 'narrow',
        runAs: 'root',
        command,
        line: `narrow ALL=(root) NOPASSWD: ${command}`,
        because: 'password',
      }) as const;
    const rules = (...lines: string[]) =>
      beside.sh(
        `printf '%s\\n' ${lines.map((line) => `'narrow ALL=(root) ${line}'`).join(' ')} > /etc/sudoers.d/narrow`,
      );
    const some = ['NOPASSWD: /usr/bin/id -u', '/usr/bin/cat /etc/shadow, /usr/bin/touch /root/*'];

    beforeAll(async () => {
      await beside.sh(
        `useradd -m -s /bin/sh narrow && cp -r /home/ops/.ssh /home/narrow/ && chown -R narrow /home/narrow && echo 'narrow:${given.reveal()}' | chpasswd`,
      );
    });
    afterAll(() => beside.sh('rm -f /etc/sudoers.d/narrow* /root/narrow'));

    it.each([
      ['some of them', some, ['/usr/bin/cat /etc/shadow', '/usr/bin/touch /root/narrow']],
      [
        'all of them',
        ['/usr/bin/id -u, /usr/bin/cat /etc/shadow, /usr/bin/touch /root/narrow'],
        ['/usr/bin/id -u', '/usr/bin/cat /etc/shadow', '/usr/bin/touch /root/narrow'],
      ],
      [
        'any command, but for one',
        ['ALL', 'NOPASSWD: /usr/bin/id -u'],
        ['/usr/bin/cat /etc/shadow', '/usr/bin/touch /root/narrow'],
      ],
    ])('and none is given, %s are named before anything is tried', async (_, lines, commands) => {
      await rules(...lines);
      const host = connect('narrow');
      expect(await host.refused?.(wanted, calm())).toEqual(commands.map(named));
      await host.close();
    });

    it('and a wrong one is given, that is told before anything is tried', async () => {
      await rules(...some);
      const host = connect('narrow', { sudoPassword: new Secret('wrong') });
      await expect(host.refused?.(wanted, calm())).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringMatching(/^sudo refuses the password of narrow on lab: /),
      });
      await host.close();
    });

    for (const [kept, seconds] of [
      ['keeps', 5],
      ['does not keep', 0],
    ] as const) {
      it.each([
        ['some', some],
        ['all', ['/usr/bin/id -u, /usr/bin/cat /etc/shadow, /usr/bin/touch /root/narrow']],
      ])(
        `and it is given, they do, whether sudo asks for it for %s of them; sudo ${kept} it`,
        async (_, lines) => {
          await rules(...lines);
          await beside.sh(
            `echo 'Defaults:narrow timestamp_timeout=${seconds}' > /etc/sudoers.d/narrow-tickets`,
          );
          const host = connect('narrow', { sudoPassword: given });
          expect(await host.refused?.(wanted, calm())).toEqual([]);
          const systemctl = { do: 'run', argv: ['systemctl', 'stop', 'cron'], sudo: true } as const;
          expect(await host.refused?.([systemctl], calm())).toEqual([
            expect.objectContaining({ user: 'narrow', command: '/usr/bin/systemctl stop cron' }),
          ]);
          expect(await host.read(id, calm())).toMatchObject({ exit: 0, stdout: '0\n' });
          expect(await host.read(shadow, calm())).toMatchObject({
            exit: 0,
            stdout: expect.stringMatching(/^root:/m),
          });
          await host.perform(write, { key: 'a/b/0', ...calm() });
          expect(await beside.sh('ls /root/narrow; rm /root/narrow')).toBe('/root/narrow\n');
          await host.close();
        },
      );
    }

    it.each([5, 0])('files are read and written with it, kept for %s minutes', async (minutes) => {
      const programs = ['stat', 'rm', 'dd', 'chown', 'cp', 'chmod', 'mv', 'cat'];
      await rules(programs.map((program) => `/usr/bin/${program}`).join(', '));
      await beside.sh(
        `echo 'Defaults:narrow timestamp_timeout=${minutes}' > /etc/sudoers.d/narrow-tickets
         rm -rf /root/locked; mkdir -m 700 /root/locked; echo old > /root/locked/file
         echo 'narrow ALL=(bob) /usr/bin/cat, /usr/bin/stat' > /etc/sudoers.d/narrow-bob
         rm -rf /srv/locked; install -d -o bob -m 700 /srv/locked; echo theirs > /srv/locked/file; chown bob /srv/locked/file`,
      );
      const host = connect('narrow', { sudoPassword: given });
      const file = (path: string) => host.read({ read: 'file', path, sudo: true }, calm());
      const path = '/root/locked/file';
      expect(await file(path)).toMatchObject({ content: 'old\n' });
      await host.perform({ do: 'write', path, content: 'new\n', sudo: true }, { key: 'a/b/0', ...calm() });
      expect(await file(path)).toMatchObject({ content: 'new\n' });
      expect(await file('/srv/locked/file')).toMatchObject({ content: 'theirs\n', owner: 'bob' });
      expect(await beside.sh('ls -A /root/locked')).toBe('file\n');
      await host.close();
    });
  });

  it('writes, reads and removes files by narrow rules too', async () => {
    const programs = ['readlink', 'stat', 'rm', 'dd', 'chown', 'cp', 'chmod', 'mv', 'cat'];
    const rules = programs.map((program) => `/usr/bin/${program}`).join(', ');
    await beside.sh(`echo 'alice ALL=(root) NOPASSWD: ${rules}' > /etc/sudoers.d/alice`);
    await beside.sh(
      `mkdir -m 700 /root/closed && echo old > /root/closed/kept && chown bob:ops /root/closed/kept`,
    );
    const host = connect('alice');
    const file = (path: string) => host.read({ read: 'file', path, sudo: true }, calm());
    const path = '/root/closed/kept';
    const write = { do: 'write', path, content: "it's\n", mode: 0o640, sudo: true } as const;
    expect(await host.refused?.([write, { read: 'file', path, sudo: true }], calm())).toEqual([]);
    expect(await file(path)).toMatchObject({ content: 'old\n', mode: 0o644, owner: 'bob', group: 'ops' });
    await host.perform(write, { key: 'a/b/0', ...calm() });
    expect(await file(path)).toEqual({ content: "it's\n", mode: 0o640, owner: 'bob', group: 'ops' });
    await host.perform(
      { do: 'write', path: `${path}-2`, content: '', sudo: true },
      { key: 'a/b/1', ...calm() },
    );
    expect(await file(`${path}-2`)).toEqual({ content: '', mode: 0o644, owner: 'root', group: 'root' });
    await host.perform({ do: 'remove', path, sudo: true }, { key: 'a/b/2', ...calm() });
    expect([await file(path), await file('/root/closed/none')]).toEqual([null, null]);
    expect(await beside.sh('ls -A /root/closed; rm /etc/sudoers.d/alice')).toBe('kept-2\n');
    await host.close();
  });

  it('names exactly what narrow rules have to grant, for root and for whose folder it is', async () => {
    await beside.sh(
      `useradd -m -s /bin/sh exact && cp -r /home/ops/.ssh /home/exact/ && chown -R exact /home/exact
       mkdir -m 700 /root/exact && echo hidden > /root/exact/file && echo seen > /etc/exact
       install -d -o bob -m 755 /srv/exact && install -d -o bob -m 700 /srv/exact-closed
       for folder in /srv/exact /srv/exact-closed; do echo theirs > $folder/file; chown bob: $folder/file; done
       ln -s /root/exact/file /srv/exact/link`,
    );
    const host = connect('exact');
    const paths = ['/root/exact/file', '/etc/exact', '/srv/exact/file', '/srv/exact-closed/file'];
    const reads = paths.map((path) => ({ read: 'file', path, sudo: true }) as const);
    const writes = paths.map(
      (path) => ({ do: 'write', path, content: 'new\n', mode: 0o644, sudo: true }) as const,
    );
    const refused = (await host.refused?.([...reads, ...writes], calm())) ?? [];
    expect(
      refused.map(({ runAs, command }) => `${runAs} ${command}`).filter((one) => one.includes('cat')),
    ).toEqual([
      'root /usr/bin/cat /root/exact/file',
      'root /usr/bin/cat /etc/exact',
      'bob /usr/bin/cat -- /srv/exact/file',
      'bob /usr/bin/cat -- /srv/exact-closed/file',
    ]);
    expect(refused.filter(({ line }) => line === undefined)).toEqual([]);
    const rules = refused.map(({ line }) => line);
    await beside.sh(
      `cat > /etc/sudoers.d/exact <<'RULES'\n${rules.join('\n')}\nRULES\nvisudo -cf /etc/sudoers.d/exact`,
    );
    expect(await host.refused?.([...reads, ...writes], calm())).toEqual([]);
    for (const [index, path] of paths.entries()) {
      await host.perform(
        { do: 'write', path, content: 'new\n', mode: 0o644, sudo: true },
        { key: `a/b/${index}`, ...calm() },
      );
      expect(await host.read({ read: 'file', path, sudo: true }, calm())).toMatchObject({ content: 'new\n' });
    }
    await expect(
      host.read({ read: 'file', path: '/srv/exact/link', sudo: true }, calm()),
    ).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect(await beside.sh('cat /root/exact/file; ls -A /root/exact /srv/exact')).toBe(
      'new\n/root/exact:\nfile\n\n/srv/exact:\nfile\nlink\n',
    );
    await host.close();
  });

  it('says when sudo wants a password and has none, and when it has a wrong one', async () => {
    const who = { read: 'run', argv: ['id', '-u'], sudo: true } as const;
    const none = connect('ops2');
    await expect(none.read(who, calm())).rejects.toMatchObject({
      code: 'forbidden',
      message: 'ops2 may not run `id -u` as root on lab: sudo: a password is required',
    });
    await none.close();
    const wrong = connect('ops2', { sudoPassword: new Secret('wrong') });
    await expect(wrong.read(who, calm())).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/^sudo refuses the password of ops2 on lab: /),
    });
    await wrong.close();
  });

  it('gives the password each time where sudo keeps no tickets', async () => {
    await beside.sh(`printf 'Defaults:ops2 timestamp_timeout=0\\n' > /etc/sudoers.d/tickets`);
    const host = connect('ops2', { sudoPassword: password });
    for (const _ of [1, 2]) {
      expect(await host.read({ read: 'run', argv: ['id', '-u'], sudo: true }, calm())).toMatchObject({
        stdout: '0\n',
      });
    }
    await host.close();
    await beside.sh('rm /etc/sudoers.d/tickets');
  });

  it('keeps access lists and attributes of a file that it writes', async () => {
    const host = connect('root');
    await beside.sh(`cd /root && echo old > kept && chgrp ops kept && ${python(setAttributes)}`);
    const look = () =>
      beside.sh(`cd /root && ls -l kept | cut -c1-11; ${python(printAttributes)}; stat -c '%a %U %G' kept`);
    const before = await look();
    expect(before).toMatch(/^-rw-rw-r--\+\n.*user.mark/);
    await host.perform({ do: 'write', path: '/root/kept', content: 'new\n' }, { key: 'a/b/0', ...calm() });
    expect(await look()).toBe(before);
    expect(await beside.sh('cat /root/kept')).toBe('new\n');
    await host.close();
  });

  it('tells a lost connection from a failed command, and connects anew for the next', async () => {
    const host = connect('root');
    await host.read({ read: 'run', argv: ['true'] }, calm());
    const reading = host.read({ read: 'run', argv: ['sleep', '31'] }, calm());
    const failing = expect(reading).rejects.toMatchObject({ code: 'unreachable', retryable: true });
    await cutSession(beside, 'sleep 31');
    await failing;
    expect(await host.read({ read: 'run', argv: ['echo', 'again'] }, calm())).toMatchObject({
      stdout: 'again\n',
    });
    const acting = host.perform({ do: 'run', argv: ['sleep', '32'] }, { key: 'a/b/0', ...calm() });
    const unknown = expect(acting).rejects.toMatchObject({
      code: 'unreachable',
      hint: expect.stringContaining('not known whether'),
    });
    await cutSession(beside, 'sleep 32');
    await unknown;
    await host.close();
  });

  it('closes a connection as a whole that is not used, and makes it again at the next use', async () => {
    await beside.sh(
      'useradd -m -s /bin/sh idler && cp -r /home/ops/.ssh /home/idler/ && chown -R idler /home/idler',
    );
    const host = connect('idler', { idleSeconds: 0.3 });
    for (const _ of [1, 2]) {
      expect(await host.read({ read: 'run', argv: ['id', '-un'] }, calm())).toMatchObject({
        stdout: 'idler\n',
      });
      await expect.poll(() => beside.sh('pgrep -cu idler sshd || true')).toBe('0\n');
    }
    await host.close();
  });

  it('checks host keys and forwards nothing, whatever ssh_config says', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'claw-run-lax-'));
    await beside.sh("echo 'AcceptEnv CLAW_SECRET' >/etc/ssh/sshd_config.d/accept.conf; systemctl reload ssh");
    const config = join(folder, 'config');
    const forwarded = await freePort();
    await writeFile(
      config,
      `Host *
  ForwardAgent yes
  ForwardX11 yes
  SendEnv CLAW_SECRET
  LocalForward ${forwarded} 127.0.0.1:22
  RemoteForward 7399 127.0.0.1:22
  PermitLocalCommand yes
  LocalCommand touch ${folder}/local
  RemoteCommand id
  RequestTTY force
  StrictHostKeyChecking no
  UserKnownHostsFile ${folder}/known
`,
    );
    const agent = execa('ssh-agent', ['-D', '-a', join(folder, 'agent')], { reject: false });
    try {
      await expect.poll(() => existsSync(join(folder, 'agent'))).toBe(true);
      const env = {
        ...process.env,
        CLAW_SECRET: 'canary',
        SSH_AUTH_SOCK: join(folder, 'agent'),
        DISPLAY: ':9',
      };
      const host = connect('alice', { configFiles: [config], env });
      const argv = ['sh', '-c', 'env; tty; ss -ltn 2>/dev/null || cat /proc/net/tcp'] as const;
      const { stdout } = (await host.read({ read: 'run', argv }, calm())) as { stdout: string };
      await host.close();
      expect(stdout).toContain('not a tty');
      expect(stdout).not.toMatch(/canary|SSH_AUTH_SOCK|DISPLAY|7399|:1CE7/);
      await expect(canConnect(forwarded)).resolves.toBe(false);
      const unknown = connect('alice', { configFiles: [config], knownHosts: undefined, env });
      await expect(unknown.read({ read: 'run', argv: ['true'] }, calm())).rejects.toMatchObject({
        code: 'forbidden',
        message: 'the host key of lab is not known',
      });
      await unknown.close();
      expect((await readdir(folder)).sort()).toEqual(['agent', 'config']);
    } finally {
      agent.kill();
      await agent;
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('trusts no revoked key, and holds jump hosts to the same checks', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'claw-run-revoked-'));
    const file = async (name: string, text: string) => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    try {
      const keys = (await readFile(lab.known_hosts, 'utf8')).replace(/^\S+ /gm, '');
      const revoked = await file('revoked', keys);
      const read = (options: Partial<OpenSshOptions>) => {
        const host = connect('alice', options);
        return host.read({ read: 'run', argv: ['true'] }, calm()).finally(() => host.close());
      };
      const revoking = [await file('config', `RevokedHostKeys ${revoked}\n`)];
      await expect(read({ configFiles: revoking })).rejects.toMatchObject({
        code: 'forbidden',
        message: 'lab shows a host key that is revoked',
      });
      const spoiled = keys.replace(/^(?=ssh)/gm, '@revoked * ').replace(/ AAAA/g, ' XXAAAA');
      const knownHosts = [lab.known_hosts, await file('unclear', spoiled)];
      await expect(read({ knownHosts })).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringMatching(/^no key of lab is trusted: .*unclear:\d+ revokes a key/),
      });
      const jump = `Host gate
  HostName ${lab.address}
  Port ${lab.port}
  IdentityFile ${lab.key}
  User alice
  UserKnownHostsFile ${folder}/known
Host inner
  HostName 127.0.0.1
  ProxyJump gate
Host *
  StrictHostKeyChecking no
`;
      const configFiles = [await file('jump', jump)];
      const through = {
        configFiles,
        destination: 'ssh://alice@inner',
        options: [`HostKeyAlias=[${lab.address}]:${lab.port}`],
      };
      await expect(read(through)).rejects.toMatchObject({
        message: 'lab cannot be reached: its jump host or ProxyCommand failed',
        hint: expect.stringContaining('the host keys of jump hosts are checked too'),
      });
      await file('known', await readFile(lab.known_hosts, 'utf8'));
      expect(await read(through)).toMatchObject({ exit: 0 });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('says what is wrong with a key, a host key, a port', async () => {
    const read = (options: Partial<OpenSshOptions>, user = 'root') => {
      const host = connect(user, options);
      return host.read({ read: 'run', argv: ['true'] }, calm()).finally(() => host.close());
    };
    await expect(read({ knownHosts: ['/dev/null'] })).rejects.toMatchObject({
      code: 'forbidden',
      message: 'the host key of lab is not known',
    });
    await expect(read({}, 'nobody-here')).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/^cannot log in to lab: Permission denied/),
    });
    await expect(read({ destination: `ssh://root@${lab.address}:1` })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('Connection refused'),
      retryable: true,
    });
    await expect(read({ client: 'no-such-client' })).rejects.toMatchObject({ code: 'unreachable' });
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** An access list that lets the user 1000 write, and an attribute; hosts have no tools for either. */
const setAttributes = `import os, struct
entries = [(1, 6, -1), (2, 6, 1000), (4, 4, -1), (16, 6, -1), (32, 4, -1)]
acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *one) for one in entries)
os.setxattr("kept", "system.posix_acl_access", acl)
os.setxattr("kept", "user.mark", b"yes")`;
const printAttributes = `import os
print([(name, os.getxattr("kept", name)) for name in sorted(os.listxattr("kept"))])`;

function python(program: string): string {
  return `python3 -c '${program}'`;
}

async function sudoPassword(lab: LabHost): Promise<Secret> {
  const text = await readFile(join(lab.key, '..', 'ops2.password'), 'utf8');
  return new Secret(text.trim());
}

/** Cuts the connection that a command came by, once it runs: as a crash would, without a farewell. */
async function cutSession(beside: Beside, command: string): Promise<void> {
  await expect.poll(() => beside.sh(`pgrep -fc '^${command}' || true`)).toMatch(/^1/);
  const up = `while [ "$(cat /proc/$p/comm)" != sshd ]; do p=$(ps -o ppid= -p $p | tr -d ' '); done`;
  await beside.sh(`p=$(pgrep -f '^${command}'); ${up}; kill -KILL $p`);
}
