import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { JOB, startTestNode, type TestNode } from './head-node.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode();
});
afterAll(() => node.close());

/** Waits until a claim holds. */
const until = (_claim: string, holds: () => Promise<boolean>) =>
  vi.waitUntil(holds, { timeout: 60_000, interval: 50 });

const steady = (text: string) =>
  text
    .replaceAll(String(node.params.port), '8080')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '2025-01-15T10:45:00Z')
    .replace(/-\d+(?=\s|"|$)/g, '-456')
    .replace(/eyJ[\w.-]+/g, 'eyJ…');
const home = (user: string) => join(node.dir, 'home', user);
const failed = (line: string) => ({ code: 1, stdout: '', stderr: `${line}\n` });

describe('clw', () => {
  test('submits, waits for, shows and lists a job', async () => {
    const ran = await node.as('alice', `${JOB}; clw submit job.yaml --wait; clw list; clw status`);
    expect({ ...ran, stdout: steady(ran.stdout) }).toEqual({
      code: 0,
      stdout:
        'Job submitted: test-fix-456\nID: test-fix-456  Status: COMPLETED  User: alice\n' +
        'test-fix-456  COMPLETED  alice\nNo jobs running.\n',
      stderr: '',
    });
  });

  test('a job that fails is told from one that does not, and its exit code is kept', async () => {
    const { code, stderr } = await node.as(
      'alice',
      "printf 'job: { name: bad, command: exit 3 }' > b.yaml; clw submit b.yaml --wait",
    );
    expect({ code, stderr: steady(stderr) }).toEqual({
      code: 1,
      stderr: 'clw-job-failed: Job bad-456 ended as FAILED (exit 3)\n',
    });
  });

  test('answers programs in JSON', async () => {
    const who = await node.as('bob', 'clw whoami --format json');
    expect(JSON.parse(steady(who.stdout))).toEqual({
      user: 'bob',
      uid: 1002,
      gids: [1002, 2000],
      server: 'https://localhost:8080',
      tokenUser: 'bob',
      expiresAt: '2025-01-15T10:45:00Z',
      expired: false,
      scheduler: { user: 'bob', uid: 1002, groups: ['bob', 'claw-users'], expiresAt: '2025-01-15T10:45:00Z' },
      error: null,
    });
    const others = await node.as(
      'bob',
      'clw queues --format json; clw health --format json; clw groups --format json',
    );
    expect(
      others.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(steady(line))),
    ).toEqual([
      { queues: [{ name: 'default', slots: 64, used: 0, allowed: true, holders: [] }] },
      { status: 'healthy' },
      { user: 'bob', groups: ['bob', 'claw-users'], cachedAt: '2025-01-15T10:45:00Z', ttlSeconds: 60 },
    ]);
  });

  test("another's job can neither be seen nor cancelled", async () => {
    const { stdout } = await node.as('alice', `${JOB}; clw submit job.yaml --format json`);
    const { id } = JSON.parse(stdout) as { id: string };
    expect(await node.as('bob', `clw status ${id}`)).toEqual(
      failed(
        "clw-scheduler-denied: Scheduler query denied for user 'bob'. Insufficient privileges for /api/v1/jobs/status. Contact cluster admin.",
      ),
    );
    expect(await node.as('bob', `clw cancel ${id}`)).toEqual(
      failed(
        "clw-scheduler-denied: Scheduler query denied for user 'bob'. Insufficient privileges for /api/v1/jobs/cancel. Contact cluster admin.",
      ),
    );
    expect((await node.as('bob', 'clw list')).stdout).not.toContain('alice');
  });

  test('an administrator may cancel it, and what it started ends with it', async () => {
    const line =
      "printf 'job: { name: long, command: sleep 7654 & sleep 7654 }' > l.yaml; clw submit l.yaml --format json";
    const { id } = JSON.parse((await node.as('alice', line)).stdout) as { id: string };
    await until('the job runs', async () =>
      (await node.as('alice', `clw status ${id}`)).stdout.includes('RUNNING'),
    );
    await node.sh('usermod -aG claw-admins bob && systemctl reload claw-scheduler');
    await until('bob is known as an administrator', async () =>
      (await node.as('bob', `clw status ${id}`)).stdout.includes('RUNNING'),
    );
    expect((await node.as('bob', `clw cancel ${id}`)).stdout).toBe(`Job cancelled: ${id}\n`);
    expect((await node.as('alice', `clw status ${id}`)).stdout).toContain('CANCELLED');
    await node.sh('gpasswd -d bob claw-admins && systemctl reload claw-scheduler');
    await until(
      'nothing of the job is left',
      async () => (await node.sh('pgrep -f "^sleep 7654$"')).code === 1,
    );
  });

  test('a job that asks for more than is left is told so', async () => {
    const line =
      "printf 'job: { name: wide, command: id, resources: { cpu: 65 } }' > w.yaml; clw submit w.yaml";
    expect(await node.as('alice', line)).toEqual(failed("clw-queue-full: No slot in queue 'default'"));
  });

  test('a wrong job file is refused before anything is sent', async () => {
    const line = "printf 'job:\\nname: x\\n' > x.yaml; clw submit x.yaml --server http://localhost:1";
    expect(await node.as('alice', line)).toEqual(
      failed('clw-job-invalid: x.yaml:2:1: name is not known beside job; is it indented?'),
    );
    expect(await node.as('alice', 'clw validate nowhere.yaml')).toEqual(
      failed('clw-job-invalid: nowhere.yaml cannot be read: ENOENT'),
    );
  });

  test('logs out and in again: with the kept password, with one on standard input, and not with a wrong one', async () => {
    await node.as('alice', 'clw logout');
    expect(await node.as('alice', 'clw list')).toEqual(failed('clw-scheduler-denied: Token invalid/expired'));
    expect(await node.as('alice', 'clw token')).toEqual(failed('clw-auth-failed: Not logged in'));
    expect((await node.as('alice', 'clw login')).stdout).toBe('Logged in as alice\n');
    const { password } = node.secrets.passwords.alice ?? { password: '' };
    expect(
      await node.as('bob', 'clw login --username alice --password-stdin', `${password}\n`),
    ).toMatchObject({ code: 0 });
    expect(await node.as('bob', 'clw login --username alice --password-stdin', 'guess\n')).toEqual(
      failed("clw-auth-failed: Login of 'alice' was rejected"),
    );
    expect(await node.as('bob', 'clw login --username mallory --password-stdin', 'guess\n')).toEqual(
      failed("clw-auth-failed: Login of 'mallory' was rejected"),
    );
    expect(await node.as('bob', 'clw logout && clw login')).toMatchObject({ code: 0 });
    const { stdout } = await node.sh(`ls -l ${home('bob')}/.claw/config.yaml`);
    expect(stdout.slice(0, 10)).toBe('-rw-------');
  });

  test('a token of another user does not pass for the process that uses it', async () => {
    await node.as('alice', `cp .claw/config.yaml ${home('bob')}/.claw/borrowed`);
    const line = `${JOB}; mv .claw/config.yaml .claw/own; cp .claw/borrowed .claw/config.yaml; clw submit job.yaml; mv .claw/own .claw/config.yaml`;
    expect((await node.as('bob', line)).stderr).toContain("User 'alice' lacks required permissions");
    const log = await readFile(join(home('bob'), '.claw/clw.log'), 'utf8');
    expect(steady(log.trimEnd().split('\n').at(-1) ?? '')).toBe(
      `[ERROR] 2025-01-15T10:45:00Z: HTTP 403 from scheduler: {"error":"clw-scheduler-denied","message":"Client runs as uid 1002, user 'alice' has uid 1001","reason":"uid-mismatch"}`,
    );
  });

  test('wrong usage ends with 2 and the usage', async () => {
    const ran = await Promise.all(
      [
        'clw',
        'clw dance',
        'clw submit',
        'clw list x',
        'clw list --format xml',
        'clw list --wait',
        'clw --no',
      ].map((line) => node.as('alice', line)),
    );
    expect(ran.map(({ code, stderr }) => [code, stderr.split('\n')[0]])).toEqual([
      [2, 'Usage: clw COMMAND [--server URL] [--format text|json]'],
      [2, "clw: there is no command 'dance'"],
      [2, "clw: 'submit' takes one FILE"],
      [2, "clw: 'list' takes nothing more"],
      [2, "clw: unknown format 'xml': text or json"],
      [2, "clw: --wait does not go with 'list'"],
      [2, expect.stringContaining("Unknown option '--no'")],
    ]);
  });

  test('a server that is not the scheduler, or not to be trusted, is named', async () => {
    const elsewhere = `clw health --server https://localhost:1`;
    expect(await node.as('alice', elsewhere)).toEqual(
      failed('scheduler-unavailable: cannot reach localhost:1: ECONNREFUSED'),
    );
    await writeFile(join(home('bob'), 'other.pem'), '');
    const untrusted =
      "sed -i.old 's/^ca:.*/ca: other.pem/' .claw/config.yaml; clw health; mv .claw/config.yaml.old .claw/config.yaml";
    expect((await node.as('bob', untrusted)).stderr).toMatch(
      /^scheduler-unavailable: cannot reach localhost:\d+: (UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN)\n$/,
    );
    expect((await node.as('bob', `clw health --server http://localhost:${node.params.port}`)).stderr).toMatch(
      /^scheduler-unavailable: /,
    );
    expect(await node.as('bob', 'clw health --server ftp://x')).toEqual(
      failed('clw-config-invalid: ftp://x is not a URL such as https://claw-head-01:8080'),
    );
  });
});
