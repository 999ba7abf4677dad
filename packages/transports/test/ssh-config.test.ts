import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { algorithmsFor } from '../src/ssh/algorithms.ts';
import { parseDestination } from '../src/ssh/destination.ts';
import { readRevokedKeys } from '../src/ssh/revoked-keys.ts';
import { routeTo } from '../src/ssh/route.ts';
import { settingsOf } from '../src/ssh/settings.ts';

let folder = '';
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-run-ssh-config-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function configFile(text: string): Promise<string> {
  count += 1;
  const path = join(folder, `config-${count}`);
  await writeFile(path, text);
  return path;
}

async function settings(text: string, host: string, more: { user?: string; env?: NodeJS.ProcessEnv } = {}) {
  const { env = {}, ...given } = more;
  const source = { home: '/home/me', localUser: 'me', env, configFiles: [await configFile(text)] };
  return settingsOf({ host, ...given }, source);
}

describe('ssh_config', () => {
  it('takes the first value that holds for the host, and all identity files', async () => {
    const text = `
      # the company's hosts
      Host web* !web9
        HostName %h.example.com
        User = deploy
        IdentityFile ~/.ssh/%r_key
        "Port" 2222   # not 22
      Host *
        User nobody
        Port 22
        IdentityFile "/keys/with blank"
    `;
    expect(await settings(text, 'web1')).toMatchObject({
      alias: 'web1',
      host: 'web1.example.com',
      user: 'deploy',
      port: 2222,
      identityFiles: [
        { path: '/home/me/.ssh/deploy_key', expressly: true },
        { path: '/keys/with blank', expressly: true },
      ],
    });
    expect(await settings(text, 'web9')).toMatchObject({ host: 'web9', user: 'nobody', port: 22 });
  });

  it('lets what the destination says go before the file', async () => {
    expect(await settings('Host *\n User nobody\n Port 7\n', 'web1', { user: 'ops' })).toMatchObject({
      user: 'ops',
      port: 7,
    });
  });

  it('does not follow a laxer check of host keys, but remembers where it was asked for', async () => {
    const found = await settings('StrictHostKeyChecking accept-new\n', 'web1');
    expect(found.laxer).toEqual({ value: 'accept-new', at: expect.stringMatching(/config-\d+:1$/) });
  });

  it.each([
    ['Port 0', /:1: "0" is not a port number/],
    ['Port', /:1: Port has no value/],
    ['IdentityFile "/a', /:1: a quotation mark is never closed/],
    ['IdentityFile /a/%Q', /:1: %Q stands for nothing/],
    ['IdentityFile /a/${NOT_SET}', /:1: the environment variable NOT_SET is not set/],
    ['ConnectTimeout soon', /:1: "soon" is not a time/],
    ['IdentitiesOnly perhaps', /:1: "perhaps" is neither yes nor no/],
    ['Match host web1 exec "true"\n User x', /:1: Match exec runs a command/],
    ['Match phase moon\n User x', /:1: Match phase is not a condition/],
  ])('says where %j is wrong', async (text, message) => {
    await expect(settings(text, 'web1')).rejects.toThrow(message);
  });

  it.each([
    ['KnownHostsCommand /bin/keys %H', /:1: the built-in SSH does not understand "knownhostscommand/],
    ['VerifyHostKeyDNS yes', /:1: the built-in SSH does not understand "verifyhostkeydns yes"/],
    ['VerifyHostKeyDNS ask', /does not understand/],
    ['CheckHostIP yes', /does not understand/],
    ['CanonicalizeHostname always', /does not understand/],
    ['BindInterface tun0', /does not understand/],
    ['RefuseConnection "not from here"', /:1: RefuseConnection forbids this connection: "not from here"/],
    ['RevokedHostKey /etc/ssh/revoked', /:1: the built-in SSH does not know the setting revokedhostkey$/],
    ['HostKeyAlgorithms no-such', /:1: the built-in SSH speaks none of no-such/],
    ['RequiredRSASize many', /:1: "many" is not a number/],
  ])('does not pass over %j', async (text, message) => {
    const connected = settings(text, 'web1').then((found) =>
      algorithmsFor('serverHostKey', found.algorithms.serverHostKey),
    );
    await expect(connected).rejects.toThrow(message);
    expect(await settings(`Host other\n ${text}\n`, 'web1')).toMatchObject({ host: 'web1' });
  });

  it('passes over what only says less, or nothing of security', async () => {
    const text = `
      VerifyHostKeyDNS no
      CheckHostIP no
      CanonicalizeHostname no
      KnownHostsCommand none
      HashKnownHosts yes
      GSSAPIAuthentication yes
      SendEnv LANG LC_*
      UpdateHostKeys yes
      CASignatureAlgorithms ecdsa-sha2-nistp256
      ForwardAgent yes
      LocalCommand touch /tmp/x
      PermitLocalCommand yes
      IgnoreUnknown Fancy*,Other
      FancySetting on
      Other 1
    `;
    expect(await settings(text, 'web1')).toMatchObject({ host: 'web1' });
  });

  it('reads which keys are revoked, and how long those of RSA are', async () => {
    const text = 'RevokedHostKeys ~/%h.revoked "/etc/ssh/all revoked"\nRequiredRSASize 3072\n';
    const at = expect.stringMatching(/:1$/);
    expect(await settings(text, 'web1')).toMatchObject({
      revokedKeys: [
        { path: '/home/me/web1.revoked', at },
        { path: '/etc/ssh/all revoked', at },
      ],
      requiredRsa: 3072,
    });
    expect(await settings('RevokedHostKeys none', 'web1')).toMatchObject({
      revokedKeys: [],
      requiredRsa: 1024,
    });
  });

  it('runs no command for a Match that does not hold anyway', async () => {
    expect(await settings('Match host other exec "false"\n User x\n', 'web1')).toMatchObject({ user: 'me' });
  });

  it('reads times, agents and environment variables', async () => {
    const text =
      'ConnectTimeout 1m30s\nIdentityAgent $AGENT\nUserKnownHostsFile ${KNOWN}/a ~/b\nGlobalKnownHostsFile none\n';
    expect(await settings(text, 'web1', { env: { AGENT: '/run/agent', KNOWN: '/k' } })).toMatchObject({
      connectSeconds: 90,
      agent: '/run/agent',
      knownHosts: ['/k/a', '/home/me/b'],
    });
    expect(
      (await settings('IdentityAgent none', 'web1', { env: { SSH_AUTH_SOCK: '/s' } })).agent,
    ).toBeUndefined();
    expect((await settings('', 'web1', { env: { SSH_AUTH_SOCK: '/s' } })).agent).toBe('/s');
  });
});

describe('names', () => {
  const hostile = [
    'x;id',
    'x`id`',
    'x$(id)',
    "x'y",
    'x"y',
    'x\\y',
    'x|y',
    'x&y',
    'x<y',
    'x{a,b}',
    'x y',
    'x\ny',
    'x\u0007',
    '-oProxyCommand=id',
  ];

  it.each(hostile)('no host is called %j, wherever it is named', async (name) => {
    const wrong = {
      code: 'usage',
      message: expect.stringMatching(/is not (the name of a host|a destination)/),
    };
    for (const text of [name, `ops@${name}`, `ssh://${name}`, `ssh://ops@${name}:22`])
      expect(() => parseDestination(text)).toThrow(expect.objectContaining(wrong));
    await expect(settings('ProxyCommand nc %h %p', name)).rejects.toMatchObject(wrong);
    if (/[\n\\]/.test(name)) return;
    for (const keyword of ['HostName', 'HostKeyAlias']) {
      const text = `${keyword} "${name.replaceAll('"', '\\"')}"`;
      await expect(settings(text, 'web1')).rejects.toMatchObject(wrong);
    }
  });

  it.each(['o;id', 'o`id`', "o'p", 'o"p', 'o|p', 'o&p', 'o(p)', 'o -p', 'op\\', 'o\np', '-oops'])(
    'no user is called %j',
    async (user) => {
      const wrong = { code: 'usage', message: expect.stringMatching(/is not the name of a user/) };
      expect(() => parseDestination(`${user}@web1`)).toThrow(expect.objectContaining(wrong));
      expect(() => parseDestination(`ssh://${encodeURIComponent(user)}@web1`)).toThrow(
        expect.objectContaining(wrong),
      );
      await expect(settings('', 'web1', { user })).rejects.toMatchObject(wrong);
    },
  );

  it.each(['deploy er', 'a$b', 'CORP\\ann'])('the user %j is one, but not in a command', async (user) => {
    expect(await settings('', 'web1', { user })).toMatchObject({ user });
    expect(await settings('ProxyCommand nc %h %p', 'web1', { user })).toMatchObject({ user });
    await expect(settings('ProxyCommand nc -l %r %h', 'web1', { user })).rejects.toThrow(/:1: %r: .* is not/);
  });

  it.each(['web-1.example', 'web_1', '10.0.0.1', 'fe80::1%eth0', 'bücher.example', 'ann@corp'])(
    '%s is a name',
    async (name) => {
      expect(await settings('ProxyCommand nc %h %p', name.split('@').at(-1) ?? '')).toMatchObject({
        alias: name.split('@').at(-1),
      });
      expect(parseDestination(`ops@${name}`).host).toBe(name.split('@').at(-1));
    },
  );

  it('the names of jump hosts are held to the same', async () => {
    const source = {
      home: '/home/me',
      localUser: 'me',
      env: {},
      configFiles: [await configFile('ProxyJump "gate;id"')],
    };
    await expect(routeTo({ host: 'web1' }, source)).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('revoked keys', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDZxHJKo+jfHgpm92Cf4gjJ7UX0sJuIXA3u79xMcnRO1';
  const read = async (text: string) => readRevokedKeys(await configFile(text), 'config:2');

  it('are those of a file of public keys', async () => {
    const keys = await read(`# why\n\n${key}\n  ${key} a comment\n`);
    expect(keys.map(({ at }) => at.replace(/^.*:/, ''))).toEqual(['3', '4']);
    expect(keys[0]?.key.toString('base64')).toBe(key.split(' ')[1]);
  });

  it.each([
    ['no key', 'web1\n', /config-\d+:1 is not a public key/],
    ['a key that is cut short', `${key.slice(0, -8)}\n`, /config-\d+:1 is not a public key/],
    ['a known host', `web1 ${key}\n`, /config-\d+:1 is not a public key/],
    ['a binary list', 'SSHKRL\n\0\0\0\0', /is a binary list of revoked keys \(KRL\)/],
  ])('trust nobody where the file holds %s', async (_, text, message) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(message),
    });
  });

  it('trust nobody where the file is missing', () => {
    expect(() => readRevokedKeys(join(folder, 'no-such'), 'config:2')).toThrow(
      /^no host key is trusted: RevokedHostKeys of config:2 names revoked keys, and .*no-such cannot be read \(ENOENT\)$/,
    );
  });
});

describe('jump hosts', () => {
  const route = async (text: string, host: string) => {
    const source = { home: '/home/me', localUser: 'me', env: {}, configFiles: [await configFile(text)] };
    return (await routeTo({ host }, source)).map((hop) => `${hop.user}@${hop.host}:${hop.port}`);
  };

  it('leads through each in turn, with settings of its own; the first may have jump hosts too', async () => {
    const text = `
      Host gate
        HostName gate.example.com
        User keeper
        ProxyJump outer
      Host inner
        Port 2200
        ProxyJump not-used
      Host target
        ProxyJump gate,ops@inner,ssh://x@[::1]:9
    `;
    expect(await route(text, 'target')).toEqual([
      'me@outer:22',
      'keeper@gate.example.com:22',
      'ops@inner:2200',
      'x@::1:9',
      'me@target:22',
    ]);
  });

  it.each([
    ['ProxyJump none', 'ProxyCommand nc %h', 'by the command'],
    ['ProxyJump gate', 'ProxyCommand nc %h', 'by the jump host'],
    ['ProxyCommand nc %h', 'ProxyJump gate', 'by the command'],
    ['ProxyCommand none', 'ProxyJump gate', 'straight'],
    ['ProxyJump none', 'ProxyJump gate', 'straight'],
  ])('%s, then %s: goes %s', async (first, second, how) => {
    const { jumps, proxyCommand } = await settings(`Host *\n ${first}\n ${second}\n`, 'web1');
    expect(
      proxyCommand !== undefined ? 'by the command' : jumps.length > 0 ? 'by the jump host' : 'straight',
    ).toBe(how);
  });

  it('goes straight where ProxyJump is none, and refuses a circle with the way out', async () => {
    expect(await route('Host gate\n ProxyJump none\nHost *\n ProxyJump gate\n', 'web1')).toEqual([
      'me@gate:22',
      'me@web1:22',
    ]);
    await expect(route('Host *\n ProxyJump gate\n', 'web1')).rejects.toMatchObject({
      message: 'the jump hosts lead in a circle: me@web1:22 → me@gate:22 → me@gate:22',
      hint: expect.stringContaining('"ProxyJump none" for gate'),
    });
  });
});

const noSsh = spawnSync('ssh', ['-V']).error !== undefined;
if (noSsh) console.warn('ssh_config is not compared with OpenSSH: there is no ssh here');

describe.skipIf(noSsh)('compared with ssh -G', () => {
  const name = fc.constantFrom('web1', 'web2', 'db', 'WEB1');
  const pattern = fc.constantFrom(
    'web1',
    'web*',
    '*',
    '?b',
    'w?b?',
    '!web2',
    '!db',
    'a.example',
    'web1.*',
    '*a*b*',
  );
  const list = fc.array(pattern, { minLength: 1, maxLength: 3 });
  const host = list.map((all) => `Host ${all.join(' ')}`);
  const condition = fc.oneof(
    fc
      .tuple(fc.constantFrom('host', '!host', 'originalhost', '!originalhost'), list)
      .map(([which, all]) => `${which} ${all.join(',')}`),
    fc.constantFrom('user ops', '!user ops', 'user root,ops', 'final', '!final', 'localuser *'),
  );
  const match = fc
    .oneof(
      {
        weight: 4,
        arbitrary: fc.array(condition, { minLength: 1, maxLength: 3 }).map((all) => all.join(' ')),
      },
      { weight: 1, arbitrary: fc.constant('all') },
    )
    .map((conditions) => `Match ${conditions}`);
  const setting = fc.constantFrom(
    'HostName a.example',
    'HostName=%h.example',
    'hostname 10.0.0.1',
    'User ops',
    'User "deploy er"',
    'Port 2222',
    'Port = 2200',
    'IdentityFile /keys/one',
    "IdentityFile '/keys/two three'",
    'IdentityFile /keys/es\\ caped # why',
    'ProxyJump gate',
    'ProxyJump u@gate:99,second',
    'ProxyJump none',
    'ProxyCommand nc "%h" # %p',
    'ProxyCommand none',
    'ConnectTimeout 1m5',
    'ConnectTimeout 7',
    'HostKeyAlias other',
    'UserKnownHostsFile /k/a "/k/b c"',
    'UserKnownHostsFile /k/d',
    'IdentitiesOnly yes',
    'StrictHostKeyChecking no',
    'StrictHostKeyChecking yes',
    'PreferredAuthentications password,publickey',
    'AddressFamily inet6',
    '# a comment',
    '',
  );
  const block = (inner: fc.Arbitrary<string>) =>
    fc
      .tuple(fc.oneof(host, match), fc.array(inner, { maxLength: 4 }))
      .map(([head, lines]) => [head, ...lines.map((line) => `  ${line}`)].join('\n'));
  const file = (inner: fc.Arbitrary<string>) =>
    fc
      .tuple(fc.array(inner, { maxLength: 2 }), fc.array(block(inner), { maxLength: 5 }))
      .map(([first, blocks]) => [...first, ...blocks, ''].join('\n'));
  const withInclude = fc.oneof(
    { weight: 9, arbitrary: setting },
    { weight: 1, arbitrary: fc.constant('Include INCLUDED') },
  );

  it('finds the same settings in generated files', async () => {
    const user = userInfo().username;
    await fc.assert(
      fc.asyncProperty(
        file(withInclude),
        file(setting),
        name,
        fc.option(fc.constant('ops')),
        async (text, included, alias, given) => {
          const path = await configFile(text.replaceAll('INCLUDED', await configFile(included)));
          const { stdout } = await execa('ssh', [
            '-G',
            '-F',
            path,
            ...(given === null ? [] : ['-l', given]),
            alias,
          ]);
          const theirs = new Map<string, string[]>();
          for (const line of stdout.split('\n')) {
            const [, keyword = '', value = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
            theirs.set(keyword, [...(theirs.get(keyword) ?? []), value]);
          }
          const one = (keyword: string) => theirs.get(keyword)?.[0];
          const ours = await settingsOf(
            { host: alias, ...(given === null ? {} : { user: given }) },
            { home: homedir(), localUser: user, env: {}, configFiles: [path] },
          );
          const expressly = ours.identityFiles.filter((key) => key.expressly).map((key) => key.path);
          expect({
            hostname: ours.host.toLowerCase(),
            user: ours.user,
            port: String(ours.port),
            identityFiles: expressly,
            proxyjump: ours.jumps.join(',') || undefined,
            hasCommand: ours.proxyCommand !== undefined,
            connecttimeout: ours.connectSeconds === 15 ? 'none' : String(ours.connectSeconds),
            hostkeyalias: ours.hostKeyAlias,
            firstKnown: ours.knownHosts[0],
            identitiesonly: ours.identitiesOnly ? 'yes' : 'no',
            lax: ours.laxer !== undefined,
            preferred: ours.preferred?.join(','),
            family: { 0: 'any', 4: 'inet', 6: 'inet6' }[ours.family],
          }).toEqual({
            hostname: one('hostname')?.toLowerCase(),
            user: one('user'),
            port: one('port'),
            identityFiles: (theirs.get('identityfile') ?? []).filter((key) => key.startsWith('/keys/')),
            proxyjump: one('proxyjump') === 'none' ? undefined : one('proxyjump'),
            hasCommand: !['none', undefined].includes(one('proxycommand')),
            connecttimeout: one('connecttimeout'),
            hostkeyalias: one('hostkeyalias'),
            firstKnown: one('userknownhostsfile')?.split(/ (?=\/)/)[0],
            identitiesonly: one('identitiesonly'),
            lax: ['false', 'no', 'accept-new'].includes(one('stricthostkeychecking') ?? ''),
            preferred: one('preferredauthentications'),
            family: one('addressfamily'),
          });
        },
      ),
      { numRuns: 150 },
    );
  }, 120_000);
});
