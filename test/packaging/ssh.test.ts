import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import { expect, onTestFinished, test } from 'vitest';
import { newConsumer } from './support/consumer.ts';

/** An SSH server on this machine that runs what it is told to, for whoever has the password. */
async function startServer(password: string): Promise<{ port: number; hostKey: string }> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const server = new ssh2.Server({ hostKeys: [pem] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (attempt) => {
      if (attempt.method === 'password' && attempt.password === password) attempt.accept();
      else attempt.reject(['password']);
    });
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        const child = spawn('sh', ['-c', command], { stdio: 'pipe' });
        channel.pipe(child.stdin);
        child.stdout.pipe(channel, { end: false });
        child.stderr.pipe(channel.stderr, { end: false });
        child.on('close', (code) => {
          channel.exit(code ?? 1);
          channel.end();
        });
      });
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  const key = ssh2.utils.parseKey(pem);
  if (key instanceof Error) throw key;
  return {
    port: (server.address() as AddressInfo).port,
    hostKey: `ssh-rsa ${key.getPublicSSH().toString('base64')}`,
  };
}

test.each(['claw-run', '@claw-run/transports'])(
  '%s, installed, logs in to a host and works there',
  async (name) => {
    const password = randomUUID();
    const { port, hostKey } = await startServer(password);
    const { install, run, write, node } = newConsumer('oldest', 'pnpm');
    write({
      known: `[127.0.0.1]:${port} ${hostKey}\n`,
      'program.js': `
      import { connectSsh } from '${name}';
      import { Secret } from '${name === 'claw-run' ? name : '@claw-run/core'}';
      const host = await connectSsh({
        destination: 'ssh://somebody@127.0.0.1:${port}', home: process.cwd(), env: {}, knownHosts: ['known'], configFiles: [],
        ask: { password: async () => new Secret(process.env.PASSWORD) },
      });
      const { signal } = new AbortController();
      const { stdout } = await host.read({ read: 'run', argv: ['echo', 'hello from there'] }, { signal });
      await host.close();
      console.log(stdout);`,
    });
    await install(name === 'claw-run' ? [name] : [name, '@claw-run/core']);
    const { stdout } = await run([node, 'program.js'], { env: { PASSWORD: password } });
    expect(stdout).toContain('hello from there');
  },
);
