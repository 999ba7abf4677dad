import { spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeHostKey, orderHostKeyAlgorithms } from '../src/ssh/host-key.ts';
import { fingerprint, lookUpHost } from '../src/ssh/known-hosts.ts';
import { fitsPattern } from '../src/ssh/pattern.ts';

let folder = '';
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-run-known-hosts-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileOf(...lines: readonly string[]): Promise<string> {
  count += 1;
  const path = join(folder, `known-${count}`);
  await writeFile(path, `${lines.join('\n')}\n`);
  return path;
}

/** A key that looks like one: nothing here verifies signatures. */
function someKey(type = 'ssh-ed25519'): Buffer {
  const fields =
    type === 'ssh-rsa' ? [Buffer.of(1, 0, 1), randomBytes(256).fill(0xff, 0, 1)] : [randomBytes(32)];
  const parts = [Buffer.from(type), ...fields].flatMap((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return [length, part];
  });
  return Buffer.concat(parts);
}

function line(hosts: string, key: Buffer, type = 'ssh-ed25519'): string {
  return `${hosts} ${type} ${key.toString('base64')} a comment`;
}

function hashed(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

async function judge(
  key: Buffer,
  lines: readonly string[],
  more: { host?: string; port?: number; alias?: string; laxer?: { value: string; at: string } } = {},
) {
  const file = await fileOf(...lines);
  const name = { host: 'web1', port: 22, ...more };
  const known = lookUpHost([join(folder, 'no-such-file'), file], name);
  const problem = judgeHostKey(key, { ...name, label: 'root@web1:22', files: [file], known });
  return problem?.message.replaceAll(file, 'KNOWN');
}

describe('known_hosts', () => {
  const key = someKey();
  const other = someKey();

  it.each([
    ['a plain name', line('db,web1', key), {}],
    ['a pattern', line('!web2,web?', key), {}],
    ['a name in capitals', line('WEB1', key), {}],
    ['a hashed name', line(hashed('web1'), key), {}],
    ['a name with its port', line('[web1]:2222', key), { port: 2222 }],
    ['a hashed name with its port', line(hashed('[web1]:2222'), key), { port: 2222 }],
    ['a name that holds for all ports', line('web1', key), { port: 2222 }],
    ['an alias, whatever the port', line('other', key), { port: 2222, alias: 'other' }],
    ['one of several keys', `${line('web1', other)}\n${line('web1', key)}`, {}],
  ])('knows %s', async (_, text, more) => {
    expect(await judge(key, ['# a comment', '', ...text.split('\n')], more)).toBeUndefined();
  });

  it.each([
    ['a name of another host', line('web2', key), {}],
    ['a negated name', line('web*,!web1', key), {}],
    ['another port', line('[web1]:2222', key), { port: 2223 }],
    ['the hash of another host', line(hashed('web2'), key), {}],
    ['the host itself where an alias is asked for', line('web1', key), { alias: 'other' }],
  ])('does not know %s', async (_, text, more) => {
    expect(await judge(key, [text], more)).toBe(
      `the ssh-ed25519 key of root@web1:22 is not known: ${fingerprint(key)}`,
    );
  });

  it('says where the stale key stands, with both fingerprints', async () => {
    expect(await judge(key, ['# first', line('web1', other)])).toBe(
      `the ssh-ed25519 key of root@web1:22 is not the known one: it shows ${fingerprint(key)}, KNOWN:2 has ${fingerprint(other)}`,
    );
  });

  it('refuses a revoked key, even one that is known', async () => {
    expect(await judge(key, [line('web1', key), `@revoked ${line('*', key)}`])).toBe(
      `root@web1:22 shows the ssh-ed25519 key ${fingerprint(key)}, which KNOWN:2 says is revoked`,
    );
  });

  it.each([
    ['a key that is cut short', (text: string) => text.slice(0, -12)],
    ['a key with more behind it', (text: string) => text.replace(/(\S+)( a comment)$/, '$1AAAA$2')],
    ['a key of another type', (text: string) => text.replace('ssh-ed25519', 'ssh-rsa')],
    ['a key that is no key', (text: string) => text.replace('AAAA', 'XXAAAA')],
    ['no key', (text: string) => text.split(' ').slice(0, 3).join(' ')],
    ['no type', (text: string) => text.split(' ').slice(0, 2).join(' ')],
    ['nothing at all', () => '@revoked'],
    ['a mark that nobody knows', (text: string) => text.replace('@revoked', '@revoke')],
    ['a hash that is none', (text: string) => text.replace('web1', '|1|abc|def')],
  ])('trusts no key of a host where a line revokes %s', async (_, spoil) => {
    const revoking = spoil(`@revoked ${line('web1', other)}`);
    expect(await judge(key, [line('web1', key), revoking])).toBe(
      'no key of root@web1:22 is trusted: KNOWN:2 revokes a key and cannot be read, so nobody knows which',
    );
  });

  it("passes over what revokes another host's key, readable or not", async () => {
    const revoking = ['@revoked web2 ssh-ed25519 XXX', `@revoked ${line('web2', key)}`, '@revoked web2'];
    expect(await judge(key, [line('web1', key), ...revoking.slice(0, 2)])).toBeUndefined();
  });

  it('refuses a key that RevokedHostKeys names, and one of RSA that is too short', () => {
    const rsa = someKey('ssh-rsa');
    const known = { keys: [], broken: [], revoking: [] };
    const question = { host: 'web1', port: 22, label: 'web1', files: [], known };
    expect(judgeHostKey(key, { ...question, revoked: [{ key, at: 'REVOKED:3' }] })?.message).toBe(
      `web1 shows the ssh-ed25519 key ${fingerprint(key)}, which REVOKED:3 says is revoked`,
    );
    expect(judgeHostKey(rsa, { ...question, requiredRsa: 3072 })?.message).toBe(
      `web1 shows the ssh-rsa key ${fingerprint(rsa)} of 2048 bits, and at least 3072 are required`,
    );
  });

  it('tells of an unknown key what may explain it', async () => {
    const rsa = someKey('ssh-rsa');
    const lines = [
      line('web1', rsa, 'ssh-rsa'),
      `@cert-authority ${line('web*', other)}`,
      'web1 ssh-ed25519 AAAAnot-a-key',
    ];
    const file = await fileOf(...lines);
    const name = { host: 'web1', port: 2222 };
    const problem = judgeHostKey(key, {
      ...name,
      label: 'web1',
      files: [file],
      known: lookUpHost([file], name),
      laxer: { value: 'no', at: '~/.ssh/config:3' },
    });
    expect(problem).toMatchObject({
      code: 'forbidden',
      retryable: false,
      message: [
        `the ssh-ed25519 key of web1 is not known: ${fingerprint(key)}`,
        `its known keys are of other types (ssh-rsa at ${file}:1)`,
        `${file}:2 trusts a certificate authority, and certificates of hosts need the OpenSSH client`,
        `${file}:3 cannot be read as an entry`,
        'StrictHostKeyChecking no (~/.ssh/config:3) is not followed: unknown keys are always refused',
      ].join('; '),
      hint: expect.stringContaining(
        `add this line to ${file}: [web1]:2222 ssh-ed25519 ${key.toString('base64')}`,
      ),
    });
  });

  it('asks a server first for the types of key that are known of it', async () => {
    const rsa = someKey('ssh-rsa');
    const file = await fileOf(line('web1', rsa, 'ssh-rsa'));
    const known = lookUpHost([file], { host: 'web1', port: 22 });
    expect(
      orderHostKeyAlgorithms(['ssh-ed25519', 'rsa-sha2-512', 'ecdsa-sha2-nistp256', 'rsa-sha2-256'], known),
    ).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519', 'ecdsa-sha2-nistp256']);
  });
});

describe('patterns', () => {
  it('fit as the regular expressions that they stand for', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(text, pattern, (one, by) => {
        const expression = by.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(fitsPattern(one, by)).toBe(new RegExp(`^${expression}$`).test(one));
      }),
      { numRuns: 2000 },
    );
  });

  it('take no time that grows out of hand', () => {
    const before = process.cpuUsage();
    expect(fitsPattern('a'.repeat(5000), `${'*a'.repeat(200)}b`)).toBe(false);
    expect(process.cpuUsage(before).user).toBeLessThan(5e6);
  });
});

const noKeygen = spawnSync('ssh-keygen', ['-?']).error !== undefined;
if (noKeygen) console.warn('known_hosts is not compared with OpenSSH: there is no ssh-keygen here');

describe.skipIf(noKeygen)('compared with ssh-keygen -F', () => {
  it('finds the same entries in generated files', async () => {
    const host = fc.constantFrom('web1', 'web2', 'db', '[web1]:2222', '10.0.0.1', '[10.0.0.1]:22');
    const pattern = fc.oneof(host, fc.constantFrom('web*', '*', '?b', '!web2', '!db', 'w?b1', '[web*]:2222'));
    const hosts = fc.oneof(
      fc.array(pattern, { minLength: 1, maxLength: 3 }).map((all) => all.join(',')),
      host.map(hashed),
    );
    const mark = fc.constantFrom('', '', '', '@revoked ', '@cert-authority ');
    const entry = fc.oneof(
      { weight: 5, arbitrary: fc.tuple(mark, hosts).map(([at, names]) => `${at}${line(names, someKey())}`) },
      { weight: 1, arbitrary: fc.constantFrom('# comment', '') },
    );
    const asked = fc.constantFrom(
      { host: 'web1', port: 22 },
      { host: 'web2', port: 22 },
      { host: 'db', port: 22 },
      { host: 'ab', port: 22 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 6 }), asked, async (lines, name) => {
        const file = await fileOf(...lines);
        const { stdout } = await execa('ssh-keygen', ['-F', name.host, '-f', file], { reject: false });
        const theirs = [...stdout.matchAll(/^# Host .* found: line (\d+)/gm)].map(
          ([, number]) => `${file}:${number}`,
        );
        const { keys } = lookUpHost([file], name);
        expect(keys.map((one) => one.at)).toEqual(theirs);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
