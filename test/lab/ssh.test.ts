import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ClawError, type Connection, type RunResult, Secret } from '@claw-run/core';
import { describeHostContract } from '@claw-run/testing';
import { type Ask, connectSsh, type SshOptions } from '@claw-run/transports';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Beside, besideOf } from './support/beside.ts';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';

const without = whyNoLab();
if (without !== undefined) console.warn(`SSH on lab hosts is not tried: ${without}`);

describe.skipIf(without !== undefined)('over SSH', () => {
  let lab: LabHost;
  let inner: LabHost;
  let beside: Beside;
  let password: Secret;
  let folder = '';
  let count = 0;
  const opened: Connection<'host'>[] = [];
  const calm = () => ({ signal: AbortSignal.timeout(60_000) });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claw-run-ssh-'));
    [lab, inner] = await Promise.all([upHost('ssh'), upHost('ssh')]);
    beside = await besideOf(lab);
    password = new Secret((await readFile(join(dirname(lab.key), 'ops2.password'), 'utf8')).trim());
  });
  afterEach(async () => {
    for (const host of opened.splice(0)) await host.close();
  });
  afterAll(async () => {
    await beside?.close();
    await Promise.all([lab?.down(), inner?.down()]);
    await rm(folder, { recursive: true, force: true });
  });

  /** A file of the test's own. */
  async function file(text: string, mode = 0o600): Promise<string> {
    count += 1;
    const path = join(folder, `file-${count}`);
    await writeFile(path, text, { mode });
    return path;
  }

  async function connect(user: string, more: Partial<SshOptions> = {}): Promise<Connection<'host'>> {
    const host = await connectSsh({
      destination: `ssh://${user}@${lab.address}:${lab.port}`,
      home: folder,
      env: {},
      configFiles: [],
      knownHosts: [lab.known_hosts],
      identityFiles: [lab.key],
      ...more,
    });
    opened.push(host);
    return host;
  }

  const run = async (host: Connection<'host'>, ...argv: [string, ...string[]]) =>
    (await host.read({ read: 'run', argv }, calm())) as RunResult;
  const whoami = async (host: Connection<'host'>) => (await run(host, 'id', '-un')).stdout.trim();
  const failure = async (host: Connection<'host'>): Promise<ClawError> =>
    run(host, 'true').then(
      () => {
        throw new Error('the connection was expected to fail');
      },
      (error: ClawError) => error,
    );
  /** No key and no agent: what is left is what the test gives. */
  const keyless = { identityFiles: [], agent: false } as const;

  const logins = [
    { user: 'root', sh: ['sh'], sudo: true, asks: false },
    { user: 'root', sh: ['busybox', 'sh'], sudo: true, asks: false },
    { user: 'ops', sh: ['bash'], sudo: true, asks: false },
    { user: 'ops2', sh: ['sh'], sudo: true, asks: true },
    { user: 'alice', sh: ['sh'], sudo: false, asks: false },
  ] as const;
  for (const { user, sh, sudo, asks } of logins) {
    describeHostContract(
      `as ${user}, in ${sh.join(' ')}`,
      async (settings) =>
        connectSsh({
          destination: `ssh://${user}@${lab.address}:${lab.port}`,
          home: folder,
          env: {},
          configFiles: [],
          knownHosts: [lab.known_hosts],
          identityFiles: [lab.key],
          ...settings,
          sh,
          ...(asks ? { sudoPassword: password } : {}),
        }),
      async () => ({ sh: (line) => beside.sh(line), user, sudo, other: 'bob' }),
    );
  }

  describe('logging in', () => {
    it('asks for the password once, however often it connects', async () => {
      const asked: string[] = [];
      const ask: Ask = {
        password: async (account) => {
          asked.push(account);
          return password;
        },
      };
      const host = await connect('ops2', { ...keyless, ask });
      expect(await whoami(host)).toBe('ops2');
      await beside.sh('pkill -KILL -u ops2 -x sshd; while pgrep -u ops2 -x sshd; do sleep 0.05; done');
      expect(await whoami(host)).toBe('ops2');
      expect(asked).toEqual([`ops2@${lab.address}`]);
    });

    it('says that a password was refused, having tried it once', async () => {
      const ask: Ask = { password: async () => new Secret('not-the-password') };
      const error = await failure(await connect('ops2', { ...keyless, ask }));
      expect(error).toMatchObject({
        code: 'forbidden',
        retryable: false,
        message: `cannot log in as ops2@${lab.address}: the password was refused; the server takes publickey, password`,
      });
    });

    it('shows why the server refuses an account, and the words of a shell that is none', async () => {
      const ask: Ask = { password: async () => password };
      const refused = async (make: string, restore: string) => {
        await beside.sh(make);
        try {
          return (await failure(await connect('ops2', { ...keyless, ask }))).message;
        } finally {
          await beside.sh(restore);
        }
      };
      expect(await refused('chage -E 2001-01-01 ops2', 'chage -E -1 ops2')).toMatch(
        /^cannot log in as ops2@.*: the server says "Your account has expired/,
      );
      expect(await refused('usermod -s /usr/sbin/nologin ops2', 'usermod -s /bin/bash ops2')).toContain(
        'has no usable shell: This account is currently not available.',
      );
    });

    it('answers the questions of keyboard-interactive, and refuses where it cannot', async () => {
      await beside.sh(
        "sed -i 's/^  PasswordAuthentication yes/&\\n  KbdInteractiveAuthentication yes/' /etc/ssh/sshd_config.d/lab.conf && systemctl reload ssh",
      );
      await expect.poll(async () => whoami(await connect('root')).catch(() => '')).toBe('root');
      const configFiles = [await file('PasswordAuthentication no\n')];
      const asked: string[] = [];
      const answer: Ask['answer'] = async (_account, question) => {
        asked.push(question);
        return password;
      };
      const ask: Ask = { password: async () => password };
      expect(await whoami(await connect('ops2', { ...keyless, configFiles, ask }))).toBe('ops2');
      expect(await whoami(await connect('ops2', { ...keyless, configFiles, ask: { answer } }))).toBe('ops2');
      expect(asked).toEqual(['Password']);
      const error = await failure(
        await connect('ops2', { ...keyless, configFiles, ask: { answer: async () => undefined } }),
      );
      expect(error.message).toContain('the server asks "Password", and nobody is there to answer');
    });

    it('opens an encrypted key when the server would take it, and says why where it cannot', async () => {
      const key = join(folder, 'encrypted');
      await execa('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', 'open sesame', '-f', key]);
      const print = (await execa('ssh-keygen', ['-lf', key])).stdout.split(' ')[1];
      const identityFiles = [key];
      const passphrase = (text: string, asked: string[] = []): Ask => ({
        passphrase: async (path) => {
          asked.push(path);
          return new Secret(text);
        },
      });
      const unasked: string[] = [];
      const refused = await failure(
        await connect('root', { identityFiles, agent: false, ask: passphrase('x', unasked) }),
      );
      expect(refused.message).toBe(
        `cannot log in as root@${lab.address}: ${key} (${print}) was refused; the server takes publickey`,
      );
      expect(unasked).toEqual([]);
      const publicKey = (await readFile(`${key}.pub`, 'utf8')).trim();
      await beside.sh(`echo '${publicKey}' >> ~/.ssh/authorized_keys`);
      const asked: string[] = [];
      expect(
        await whoami(
          await connect('root', { identityFiles, agent: false, ask: passphrase('open sesame', asked) }),
        ),
      ).toBe('root');
      expect(asked).toEqual([key]);
      expect(
        (await failure(await connect('root', { identityFiles, agent: false, ask: passphrase('wrong') })))
          .message,
      ).toContain(`${key} (${print}) failed: the passphrase does not open it`);
      expect((await failure(await connect('root', { identityFiles, agent: false }))).message).toContain(
        `${key} (${print}) was left out: it has a passphrase, and nobody is there to give it`,
      );
    });

    it('lets the agent sign, for the key that the user names if only that one is wanted', async () => {
      const socket = join(folder, 'agent');
      const agent = execa('ssh-agent', ['-D', '-a', socket], { reject: false });
      try {
        const env = { SSH_AUTH_SOCK: socket };
        await expect
          .poll(() => execa('ssh-add', [lab.key], { env, reject: false }).then((ran) => ran.exitCode))
          .toBe(0);
        for (const type of ['ed25519', 'ecdsa', 'rsa']) {
          const other = join(folder, `other-${type}`);
          await execa('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', other]);
          await execa('ssh-add', [other], { env });
        }
        const byAgent = { identityFiles: [], env };
        expect(await whoami(await connect('ops', byAgent))).toBe('ops');
        const only = [await file(`IdentitiesOnly yes\nIdentityFile ${lab.key}.pub\n`)];
        await writeFile(join(folder, 'lab.pub'), await readFile(`${lab.key}.pub`));
        expect(await whoami(await connect('ops', { ...byAgent, configFiles: only }))).toBe('ops');
        const wrong = [await file(`IdentitiesOnly yes\nIdentityFile ${join(folder, 'other-rsa')}.pub\n`)];
        expect((await failure(await connect('ops', { ...byAgent, configFiles: wrong }))).message).toMatch(
          /: the agent's key SHA256:\S+ was refused; the server takes publickey$/,
        );
      } finally {
        agent.kill();
        await agent;
      }
      const gone = await failure(await connect('ops', { identityFiles: [], env: { SSH_AUTH_SOCK: socket } }));
      expect(gone.message).toContain(`the agent at ${socket} does not answer`);
    });

    it('names keys that need the OpenSSH client, and keys that others may read', async () => {
      const fido = Buffer.from('0000001a736b2d7373682d65643235353139406f70656e7373682e636f6d00000020', 'hex');
      const sk = await file('');
      await writeFile(`${sk}.pub`, `sk-ssh-ed25519@openssh.com ${fido.toString('base64')} key\n`);
      await writeFile(
        sk,
        '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n',
      );
      const open = await file(await readFile(lab.key, 'utf8'), 0o644);
      const error = await failure(
        await connect('root', { identityFiles: [sk, open, '/no/such/key'], agent: false }),
      );
      expect(error.message).toContain(
        'it is a FIDO key (sk-ssh-ed25519@openssh.com), which needs the OpenSSH client',
      );
      expect(error.message).toContain(`others may read it; run chmod 600 ${open}`);
      expect(error.message).toContain('/no/such/key was left out: there is no such file');
      expect(error.hint).toContain('openssh://HOST');
    });
  });

  describe('knowing the host', () => {
    it('by hashed names', async () => {
      const knownHosts = [await file(await readFile(lab.known_hosts, 'utf8'))];
      await execa('ssh-keygen', ['-H', '-f', knownHosts[0] ?? '']);
      expect(await readFile(knownHosts[0] ?? '', 'utf8')).not.toContain(lab.address);
      expect(await whoami(await connect('root', { knownHosts }))).toBe('root');
    });

    it('trusts no key that RevokedHostKeys names, and nobody where that list cannot be read', async () => {
      const keys = (await readFile(lab.known_hosts, 'utf8')).replace(/^\S+ /gm, '');
      const revoked = await file(`# lost\n${keys}`);
      const given = async (text: string) => connect('root', { configFiles: [await file(text)] });
      expect(await failure(await given(`RevokedHostKeys ${revoked}\n`))).toMatchObject({
        code: 'forbidden',
        message: expect.stringMatching(new RegExp(`which ${revoked}:\\d+ says is revoked$`)),
      });
      const list = join(folder, 'krl');
      await execa('ssh-keygen', ['-kf', list, revoked]);
      expect(await failure(await given(`RevokedHostKeys ${list}\n`))).toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining('is a binary list of revoked keys (KRL)'),
        hint: expect.stringContaining('openssh://'),
      });
      expect(await failure(await given(`RevokedHostKeys ${folder}/no-such\n`))).toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining('no host key is trusted'),
      });
      const other = keys.replace(/(AAAA\S{40})/g, (key) => `${key.slice(0, -2)}xx`);
      expect(await whoami(await given(`RevokedHostKeys ${await file(other)}\n`))).toBe('root');
    });

    it('trusts no key of a host where known_hosts revokes one that cannot be read', async () => {
      const text = await readFile(lab.known_hosts, 'utf8');
      const revoking = text
        .replace(/^/gm, '@revoked ')
        .replace(/ AAAA/g, ' XXAAAA')
        .replace(/@revoked $/, '');
      const knownHosts = [await file(`${text}${revoking}`)];
      expect(await failure(await connect('root', { knownHosts }))).toMatchObject({
        code: 'forbidden',
        message: expect.stringMatching(/^no key of root@.* is trusted: .* revokes a key and cannot be read/),
      });
    });

    it('shows no key that the file does not accept', async () => {
      const configFiles = [await file('PubkeyAcceptedAlgorithms rsa-sha2-512\n')];
      expect(await failure(await connect('root', { configFiles, agent: false }))).toMatchObject({
        code: 'forbidden',
        message: expect.stringMatching(/PubkeyAcceptedAlgorithms \(.*:1\) does not accept ssh-ed25519/),
      });
    });

    it('refuses an unknown key with the line to add, which then holds', async () => {
      const knownHosts = [await file('# nothing yet\n')];
      const configFiles = [await file('StrictHostKeyChecking no\n')];
      const error = await failure(await connect('root', { knownHosts, configFiles }));
      const print = (await beside.sh('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).split(' ')[1];
      expect(error).toMatchObject({ code: 'forbidden', retryable: false });
      expect(error.message).toBe(
        `the ssh-ed25519 key of root@${lab.address}:${lab.port} is not known: ${print}; StrictHostKeyChecking no (${configFiles[0]}:1) is not followed: unknown keys are always refused`,
      );
      const line = error.hint?.split(': ').at(-1) ?? '';
      await writeFile(knownHosts[0] ?? '', `${line}\n`);
      expect(await whoami(await connect('root', { knownHosts }))).toBe('root');
    });

    it('refuses a changed key with the line to look at', async () => {
      const name = `[${lab.address}]:${lab.port}`;
      const other = (await readFile(inner.known_hosts, 'utf8')).split('\n')[0]?.split(' ').slice(1).join(' ');
      const knownHosts = [await file(`# first\n${name} ${other}\n`)];
      const error = await failure(await connect('root', { knownHosts }));
      expect(error).toMatchObject({ code: 'forbidden', retryable: false });
      expect(error.message).toMatch(
        new RegExp(`is not the known one: it shows SHA256:\\S+, ${knownHosts[0]}:2 has SHA256:\\S+$`),
      );
    });
  });

  describe('through a jump host', () => {
    const config = () =>
      file(`
      Host outer
        HostName ${lab.address}
        Port ${lab.port}
        User ops
        IdentityFile ${lab.key}
      Host inner
        HostName ${inner.ip}
        ProxyJump outer
        User alice
        IdentityFile ${lab.key}`);
    const through = async (destination: string, more: Partial<SshOptions> = {}) =>
      connect('', {
        destination,
        configFiles: [await config()],
        knownHosts: [lab.known_hosts, inner.known_hosts],
        identityFiles: [],
        ...more,
      });

    it('reaches a host that only that one can reach', async () => {
      const host = await through('inner');
      expect((await run(host, 'hostname')).stdout).toBe(`${inner.name}\n`);
      expect(await whoami(host)).toBe('alice');
    });

    it('says which of the hosts failed', async () => {
      const refusedByJump = await failure(await through('inner', { knownHosts: [inner.known_hosts] }));
      expect(refusedByJump.message).toContain(
        `outer (ops@${lab.address}:${lab.port}, the jump host to inner) is not known`,
      );
      const jump = `Host outer\n ProxyJump none\nHost *\n ProxyJump outer\n`;
      const configFiles = [await file(`${jump}${await readFile(await config(), 'utf8')}`)];
      const nothing = await failure(await through(`ssh://${inner.ip}:9`, { configFiles }));
      expect(nothing).toMatchObject({ code: 'unreachable', retryable: true });
      expect(nothing.message).toMatch(/@10\.\S+:9 \(through outer\).*refused/i);
    });

    it('by no ProxyCommand that a host name would speak in', async () => {
      const configFiles = [await file('ProxyCommand nc %h %p\n')];
      const mark = join(folder, 'spoke');
      const hostile = `x;touch\${IFS}${mark};`;
      for (const destination of [hostile, `ssh://root@${hostile}`, `${hostile}@web1`])
        await expect(connect('root', { configFiles, destination })).rejects.toMatchObject({ code: 'usage' });
      expect(await readdir(folder)).not.toContain('spoke');
    });

    it('by a ProxyCommand, and says what that says', async () => {
      const proxy = `ssh -F none -i ${lab.key} -o UserKnownHostsFile=${lab.known_hosts} -p ${lab.port} -W %h:%p root@${lab.address}`;
      const configFiles = [await file(`Host inner\n HostName ${inner.ip}\n ProxyCommand ${proxy}\n`)];
      const more = { configFiles, env: process.env, identityFiles: [lab.key], agent: false } as const;
      expect((await run(await through('root@inner', more), 'hostname')).stdout).toBe(`${inner.name}\n`);
      const failing = [await file('ProxyCommand sh -c "echo no way >&2; exit 3"\n')];
      expect((await failure(await through('root@inner', { ...more, configFiles: failing }))).message).toMatch(
        /:1 exited 3: no way/,
      );
    });
  });

  describe('a host that cannot be spoken to', () => {
    let server: Server | undefined;
    afterEach(() => server?.close());

    async function listening(greeting: string): Promise<number> {
      server = createServer((socket) => {
        socket.on('error', () => undefined);
        if (greeting !== '') socket.end(greeting);
      }).listen(0, '127.0.0.1');
      await new Promise((resolve) => server?.once('listening', resolve));
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : 0;
    }

    const at = async (destination: string, more: Partial<SshOptions> = {}) =>
      failure(await connect('', { destination, connectSeconds: 0.5, ...more }));

    it('is told by what is wrong with it', async () => {
      expect(await at('nobody@no-such-host.invalid')).toMatchObject({ code: 'unreachable' });
      const port = await listening('');
      expect(await at(`me@127.0.0.1:${port}`)).toMatchObject({
        code: 'timeout',
        retryable: true,
        message: `me@127.0.0.1:${port}: after 0.5 s 127.0.0.1 still accepts the connection, but sends no SSH greeting`,
      });
      server?.close();
      const web = await listening('HTTP/1.1 400 Bad Request\r\n\r\n');
      expect((await at(`me@127.0.0.1:${web}`)).message).toBe(
        `127.0.0.1 answers on port ${web} with "HTTP/1.1 400 Bad Request", not as an SSH server`,
      );
      server?.close();
      expect(await at(`me@127.0.0.1:${web}`)).toMatchObject({
        message: `me@127.0.0.1:${web} cannot be reached: nothing listens on port ${web} of 127.0.0.1`,
      });
    });

    it('that shares no algorithm says which, and which setting would change that', async () => {
      const configFiles = [await file('HostKeyAlgorithms ecdsa-sha2-nistp256\n')];
      expect(await failure(await connect('root', { configFiles }))).toMatchObject({
        code: 'unreachable',
        message: `root@${lab.address}:${lab.port} and the built-in SSH have no host key format in common`,
        hint: expect.stringContaining('HostKeyAlgorithms'),
      });
    });

    it('is given up as soon as the run is told to stop', async () => {
      const port = await listening('');
      const host = await connect('', { destination: `me@127.0.0.1:${port}` });
      const stop = new AbortController();
      const reading = host.read({ read: 'run', argv: ['true'] }, { signal: stop.signal });
      stop.abort(new Error('enough'));
      await expect(reading).rejects.toThrow('enough');
    });
  });

  describe('a connection that is cut', () => {
    /** Ends the process of sshd that serves the command, as a crash would: without a farewell. */
    const cut = async (mark: string) => {
      await expect.poll(() => beside.sh(`pgrep -fc '^sleep ${mark}' || true`)).toMatch(/^1/);
      const climb = `while [ "$(cat /proc/$p/comm)" != sshd ]; do p=$(ps -o ppid= -p $p | tr -d ' '); done`;
      await beside.sh(`p=$(pgrep -f '^sleep ${mark}'); ${climb}; kill -KILL $p`);
    };
    const lost = { code: 'unreachable', retryable: true, message: expect.stringContaining('was lost') };

    it('in the middle of a read is told from a failed command, and the next read connects anew', async () => {
      const host = await connect('ops', { name: 'head' });
      const reading = host.read({ read: 'run', argv: ['sleep', '4711'] }, calm());
      const failing = expect(reading).rejects.toMatchObject(lost);
      await cut('4711');
      await failing;
      expect(await whoami(host)).toBe('ops');
    });

    it('in the middle of an action leaves it to be decided by looking', async () => {
      const host = await connect('ops', { name: 'head' });
      const action = {
        do: 'run',
        argv: ['sh', '-c', 'echo begun > /tmp/cut-action; exec sleep 4712'],
      } as const;
      const failing = expect(host.perform(action, { key: 'run/step/0', ...calm() })).rejects.toMatchObject(
        lost,
      );
      await cut('4712');
      await failing;
      expect((await run(host, 'cat', '/tmp/cut-action')).stdout).toBe('begun\n');
    });

    it('by a host that goes silent is noticed by keep-alive', async () => {
      const silent = await upHost('ssh');
      try {
        const destination = `ssh://root@${silent.address}:${silent.port}`;
        const knownHosts = [silent.known_hosts];
        const host = await connect('', { destination, knownHosts, aliveSeconds: 0.3, aliveCount: 2 });
        await whoami(host);
        const reading = host.read({ read: 'run', argv: ['sleep', '4713'] }, calm());
        const failing = expect(reading).rejects.toMatchObject(lost);
        await silent.sh("kill -STOP $(pgrep -f 'sshd: root@notty' | head -n 1)").catch(() => undefined);
        await failing;
      } finally {
        await silent.down();
      }
    });

    it('for want of use is another matter: it is closed as a whole, and made again at the next use', async () => {
      await beside.sh('id idler >/dev/null 2>&1 || useradd -m -s /bin/sh idler');
      await beside.sh('cp -r /home/ops/.ssh /home/idler/ && chown -R idler /home/idler/.ssh');
      const host = await connect('idler', { idleSeconds: 0.3 });
      const sessions = () => beside.sh('pgrep -cu idler sshd || true');
      for (const _ of [1, 2]) {
        expect(await whoami(host)).toBe('idler');
        await expect.poll(sessions).toBe('0\n');
      }
    });

    it('by a host that goes down is told, and so is that it cannot be reached again', async () => {
      const gone = await upHost('ssh');
      const destination = `ssh://root@${gone.address}:${gone.port}`;
      const host = await connect('', {
        destination,
        knownHosts: [gone.known_hosts],
        aliveSeconds: 1,
        connectSeconds: 3,
      });
      await whoami(host);
      const reading = host.read({ read: 'run', argv: ['sleep', '4714'] }, calm());
      const failing = expect(reading).rejects.toMatchObject({ code: 'unreachable', retryable: true });
      await gone.down();
      await failing;
      expect(await failure(host)).toMatchObject({ code: 'unreachable', retryable: true });
    });
  });

  it('opens nothing before the first read, and leaves nothing open', async () => {
    const before = process.getActiveResourcesInfo().filter((one) => one === 'TCPSocketWrap').length;
    const host = await connect('root', { destination: 'nobody@no-such-host.invalid' });
    await host.close();
    const used = await connect('root');
    await whoami(used);
    await used.close();
    await expect
      .poll(() => process.getActiveResourcesInfo().filter((one) => one === 'TCPSocketWrap').length)
      .toBe(before);
  });

  it('does ten reads in at most eleven turns on the wire, the handshake among them', async () => {
    // A relay counts how often the client speaks after the server has: each time is a turn. One more is for TCP itself.
    let turns = 1;
    let serverSpoke = true;
    const relay = createServer((client) => {
      const server = createConnection({ host: lab.address, port: lab.port });
      client.on('data', (data) => {
        if (serverSpoke) turns += 1;
        serverSpoke = false;
        server.write(data);
      });
      server.on('data', (data) => {
        serverSpoke = true;
        client.write(data);
      });
      client.on('close', () => server.destroy()).on('error', () => undefined);
      server.on('close', () => client.destroy()).on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => relay.once('listening', resolve));
    const address = relay.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const configFiles = [await file(`HostKeyAlias [${lab.address}]:${lab.port}\n`)];
      const host = await connect('root', { destination: `root@127.0.0.1:${port}`, configFiles });
      const texts = Array.from({ length: 10 }, (_, index) => String(index));
      const results = await Promise.all(texts.map((text) => run(host, 'echo', text)));
      expect(results.map(({ stdout }) => stdout.trim())).toEqual(texts);
      expect(turns).toBeLessThanOrEqual(11);
    } finally {
      relay.close();
    }
  });
});
