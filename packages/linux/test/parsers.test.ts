import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseChangeTimes } from '../src/facts/change-times.ts';
import { parseNscd } from '../src/facts/membership.ts';
import { parseProcesses } from '../src/facts/processes.ts';
import { parseSssdConfig } from '../src/facts/sssd-config.ts';
import { parseUnit } from '../src/facts/unit.ts';
import { filterValue, ldifLine, parseLdif } from '../src/lib/ldif.ts';
import { nearest } from '../src/lib/nearest.ts';
import { proxyFor } from '../src/lib/proxy-for.ts';

/** nscd 2.36 on Debian 12, cut down to two of its caches. */
const nscd = `nscd configuration:

              0  server debug level
             0s  server runtime

passwd cache:

            yes  cache is enabled
            600  seconds time to live for positive entries
             20  seconds time to live for negative entries
            yes  check /etc/passwd for changes

group cache:

            yes  cache is enabled
            yes  cache is persistent
           3600  seconds time to live for positive entries
             60  seconds time to live for negative entries
              0% cache hit rate
            yes  check /etc/group for changes
`;

it('nscd tells how long it keeps groups, the last of its caches or not', () => {
  expect(parseNscd(nscd)).toEqual({ keepsSeconds: 3600 });
  expect(parseNscd(`${nscd}\nhosts cache:\n\n            no  cache is enabled\n`)).toEqual({
    keepsSeconds: 3600,
  });
});

it('a cache of groups that is off counts as no nscd, whatever its other caches are', () => {
  expect(parseNscd(nscd.replace(/(group cache:\n\n\s+)yes/, '$1no'))).toBeNull();
  expect(parseNscd('nscd configuration:\n')).toBeNull();
});

it('processes of procps are read with their sessions, names with blanks and many groups', () => {
  const stdout = `      1     0 -           systemd         -
    140  1003 479         tmux: server    4,5,20,24,1003
    141  1003 -           (sd-pam)        1003
`;
  expect(parseProcesses({ exit: 0, stdout, stderr: '' }, false)).toEqual({
    visible: true,
    list: [
      { pid: 140, session: '479', command: 'tmux: server', gids: [1003, 4, 5, 20, 24] },
      { pid: 141, session: null, command: '(sd-pam)', gids: [1003] },
    ],
  });
});

it('sssd.conf without timeouts has the standard ones, and a timeout of users or groups goes before the common one', () => {
  const text =
    '[sssd]\ndomains = claw\n\n[domain/claw]\nid_provider = ldap\nldap_uri = ldaps://a, ldaps://b\nldap_search_base = dc=x?subtree?\n';
  expect(parseSssdConfig(text)).toMatchObject({
    uri: 'ldaps://a',
    base: 'dc=x',
    entrySeconds: 5400,
    memorySeconds: 300,
  });
  expect(parseSssdConfig(`${text}entry_cache_timeout = 60\nentry_cache_group_timeout = 900\n`)).toMatchObject(
    { entrySeconds: 900 },
  );
  expect(parseSssdConfig('')).toBeNull();
});

it('a reload that failed does not count as having read the configuration', () => {
  const text = (status: number) =>
    `Id=a.service\nLoadState=loaded\nExecMainStartTimestamp=Sun 2026-11-22 03:12:43.397628 UTC\nExecReload={ path=/bin/kill ; start_time=[Sun 2026-11-22 03:17:06.733853 UTC] ; code=exited ; status=${status} }\n`;
  expect(parseUnit(text(0))?.freshAt).toBeCloseTo(Date.UTC(2026, 10, 22, 3, 17, 6, 733) + 0.853, 2);
  expect(parseUnit(text(1))?.freshAt).toBeCloseTo(Date.UTC(2026, 10, 22, 3, 12, 43, 397) + 0.628, 2);
});

it('change times of what is there count though something else is not; a refusal does not pass for nothing', () => {
  const stdout = '1795316177.1983010510 /etc/ssh/sshd config\n';
  const gone = "find: '/nonexist': No such file or directory\n";
  expect(parseChangeTimes({ exit: 1, stdout, stderr: gone })).toEqual([
    { path: '/etc/ssh/sshd config', at: 1795316177198.301 },
  ]);
  expect(() =>
    parseChangeTimes({ exit: 1, stdout: '', stderr: "find: '/root/x': Permission denied\n" }),
  ).toThrow('Permission denied');
});

it('every value comes back from LDIF as it was', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.isWellFormed()),
      (value) => {
        const [entry] = parseLdif(`dn: cn=x\n${ldifLine('memberUid', value)}\n`);
        expect(entry?.get('memberuid')).toEqual([value]);
      },
    ),
  );
});

it('no value ends the filter that it stands in', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      expect(filterValue(value)).not.toMatch(/[*()\0]/);
    }),
  );
  expect(filterValue('a*(b)\\')).toBe('a\\2a\\28b\\29\\5c');
});

it('the name that was meant is found, and none where nothing is near', () => {
  expect(nearest('sssd-nss.service', ['ssh.service', 'sssd-nss.socket', 'cron.service'])).toBe(
    'sssd-nss.socket',
  );
  expect(nearest('shh.service', ['ssh.service', 'cron.service'])).toBe('ssh.service');
  expect(nearest('postgresql.service', ['ssh.service', 'cron.service'])).toBeUndefined();
});

it.each([
  ['http://head:8080', 'localhost,.cluster', true],
  ['http://head.cluster:8080', '.cluster', false],
  ['http://head.cluster:8080', 'cluster', false],
  ['http://mycluster:8080', 'cluster', true],
  ['http://head:8080', '*', false],
  ['http://head:8080', 'head:8080', false],
  ['http://head:8080', 'head:9090', true],
  ['http://10.1.2.3:8080', '10.1.0.0/16', false],
  ['http://10.2.2.3:8080', '10.1.0.0/16', true],
])('%s with no_proxy=%s goes by the proxy: %s', (server, exempt, proxy) => {
  const variables = [
    { name: 'http_proxy', value: 'http://proxy:3128' },
    { name: 'no_proxy', value: exempt },
  ];
  expect(proxyFor(server, variables).proxy).toBe(proxy);
});
