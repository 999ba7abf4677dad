import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';
import { type HeadNode, setUpHeadNode } from './support/scheduler.ts';

const why = whyNoLab();
if (why !== undefined) console.warn(`test/lab/scheduler: skipped: ${why}`);

const JOB = "printf 'job:\\n  name: test-fix\\n  command: id -nG; pwd\\n' > job.yaml";
const submit = (head: HeadNode, user = head.user) => head.as(user, `${JOB}; clw submit job.yaml --wait`);
const denied = (user: string) =>
  expect.stringContaining(
    `clw-scheduler-denied: Access denied to scheduler endpoint /api/v1/jobs/submit. User '${user}'`,
  );
const lastReason = async (head: HeadNode) =>
  /"reason":"([a-z-]+)"/.exec(await head.host.sh(`tail -n 1 /home/${head.user}/.claw/clw.log`))?.[1];
const works = async (head: HeadNode, user = head.user) =>
  expect(await submit(head, user)).toMatchObject({ exitCode: 0, stderr: '' });

describe.skipIf(why !== undefined)('a head node in a container', () => {
  let host: LabHost;
  let head: HeadNode;
  beforeAll(async () => {
    host = await upHost('scheduler', { node: true });
    head = await setUpHeadNode(host);
  });
  afterAll(() => host?.down());

  test('runs jobs as their users, at home and with all their groups', async () => {
    const { stdout } = await submit(head);
    const id = /^ID: (\S+) {2}Status: COMPLETED {2}User: alice$/m.exec(stdout)?.[1];
    expect(await host.sh(`cat /var/spool/claw-scheduler/${id}.out`)).toBe('alice claw-users\n/home/alice');
    expect((await head.as('alice', `cat /var/spool/claw-scheduler/${id}.out`)).exitCode).toBe(0);
    expect((await head.as('bob', `cat /var/spool/claw-scheduler/${id}.out`)).exitCode).toBe(1);
    await works(head, 'bob');
  });

  test('a job that is under way has failed after a restart', async () => {
    const line = "printf 'job: { name: long, command: sleep 300 }' > l.yaml; clw submit l.yaml --format json";
    const { id } = JSON.parse((await head.as('alice', line)).stdout) as { id: string };
    await host.sh('systemctl restart claw-scheduler; until clw health >/dev/null 2>&1; do :; done');
    expect((await head.as('alice', `clw status ${id}`)).stdout).toBe(
      `ID: ${id}  Status: FAILED  User: alice`,
    );
    expect(await host.sh('pgrep -f "sleep [3]00" || echo none')).toBe('none');
  });

  test.each([
    ['group', 'group', 'usermod -aG claw-users alice; systemctl reload claw-scheduler'],
    ['group-cached', 'group', 'systemctl reload claw-scheduler'],
    [
      'config',
      'group',
      "sed -i 's/^    - claw-admins/    - claw-users\\n&/' /etc/claw-scheduler/config.yaml; systemctl restart claw-scheduler; until clw health >/dev/null 2>&1; do :; done",
    ],
    [
      'config-stale',
      'group',
      'systemctl restart claw-scheduler; until clw health >/dev/null 2>&1; do :; done',
    ],
    ['token-expired', 'token-expired', 'su - alice -c "clw login"'],
    ['token-cached', 'token-invalid', 'su - alice -c "rm .claw/config.yaml; clw login"'],
    ['proxy', 'token-missing', 'sed -i /HTTP_PROXY/d /home/alice/.profile'],
    ['container', 'uid-mismatch', "sed -i 's/user: root/user: keep-id/' /etc/claw/client.yaml"],
  ] as const)('%s shows its symptom, and mending by hand heals it', async (scenario, reason, mend) => {
    await head.apply([scenario]);
    const { exitCode, stderr } = await submit(head);
    const text = reason.startsWith('token') ? 'clw-scheduler-denied: Token invalid/expired' : denied('alice');
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: text });
    expect(await lastReason(head)).toBe(reason);
    await host.sh(mend);
    await works(head);
  });

  test('service: stopped, and started again', async () => {
    await head.apply(['service']);
    expect((await submit(head)).stderr).toBe(
      'scheduler-unavailable: cannot reach claw-head-01:8080: ECONNREFUSED',
    );
    await host.sh('systemctl start claw-scheduler; until clw health >/dev/null 2>&1; do :; done');
    await works(head);
  });

  test('a session that is older than the membership is told from one that is not', async () => {
    await head.apply(['group']);
    const old = `( ${JOB}; while [ ! -e go ]; do sleep 0.05; done; clw submit job.yaml 2> old; touch done ) >/dev/null 2>&1 & `;
    await head.as('alice', `rm -f go done; ${old} true`);
    await host.sh('usermod -aG claw-users alice; systemctl reload claw-scheduler; su - alice -c "touch go"');
    await host.sh('until [ -e /home/alice/done ]; do sleep 0.05; done');
    expect(await host.sh('cat /home/alice/old')).toEqual(denied('alice'));
    expect(await lastReason(head)).toBe('session');
    await works(head);
  });

  test('a configuration that is wrong keeps it from starting, and the log says where', async () => {
    await head.apply([]);
    await host.sh(
      "sed -i 's/mode: groups/mode: open/' /etc/claw-scheduler/config.yaml; systemctl restart claw-scheduler; while systemctl is-active -q claw-scheduler; do :; done",
    );
    expect(await host.sh('systemctl is-failed claw-scheduler')).toBe('failed');
    expect(await host.sh('tail -n 1 /var/log/claw-scheduler.log')).toMatch(
      /^\[ERROR\] \/etc\/claw-scheduler\/config\.yaml: line 7: auth\.mode: is not one of groups, ldap, jwt \(/,
    );
  });
});

describe.skipIf(why !== undefined)('a head node with a directory', () => {
  let host: LabHost;
  let head: HeadNode;
  beforeAll(async () => {
    host = await upHost('scheduler-ldap', { node: true, ldap: true, ldapCacheSeconds: 300 });
    head = await setUpHeadNode(host, { kind: 'ldap' });
  });
  afterAll(() => host?.down());

  test('goes by the groups of the directory, through every cache', async () => {
    await works(head);
    await head.apply(['group-ldap']);
    expect((await submit(head)).stderr).toEqual(denied('lalice'));
    await host.sh(`ldapmodify -x -H ldap://127.0.0.1 -D cn=admin,dc=claw,dc=test -y /root/ldap.password <<'L'
dn: cn=claw-ldap,ou=groups,dc=claw,dc=test
changetype: modify
add: memberUid
memberUid: lalice
L
systemctl reload claw-scheduler`);
    expect((await submit(head)).stderr).toEqual(denied('lalice'));
    await host.sh('sss_cache -E; systemctl reload claw-scheduler');
    await works(head);
  });
});

describe.skipIf(why !== undefined)('a head node and a client host', () => {
  let hosts: readonly LabHost[] = [];
  afterAll(() => Promise.all(hosts.map((each) => each.down())));

  test('firewall: the client cannot get through until the port is let in', async () => {
    hosts = await Promise.all([
      upHost('scheduler-fw', { node: true, firewall: true }),
      upHost('scheduler-client', { node: true }),
    ]);
    const [server, client] = hosts as [LabHost, LabHost];
    const head = await setUpHeadNode(server, { firewall: true, scenarios: ['firewall'] });
    await head.addClient(client);
    const health = () => client.sh("su - alice -c 'clw health 2>&1' || true");
    expect(await health()).toMatch(
      /^scheduler-unavailable: cannot reach claw-head-01:8080: (EHOSTUNREACH|ECONNREFUSED)$/,
    );
    await works(head);
    await server.sh('firewall-cmd -q --add-port=8080/tcp');
    expect(await health()).toBe('{"status":"healthy"}');
    expect(
      await client.sh(`su - alice -c "${JOB.replaceAll('\\', '\\\\')}; clw submit job.yaml --wait"`),
    ).toContain('COMPLETED');
  });
});

const VM_MS = 600_000;

describe.skipIf(why !== undefined)('a head node under SELinux', () => {
  let host: LabHost;
  let head: HeadNode;
  beforeAll(async () => {
    host = await upHost('scheduler-se', { vm: 'selinux' });
    head = await setUpHeadNode(host, { kind: 'selinux' });
  }, VM_MS);
  afterAll(() => host?.down());
  const denials = (since: string) =>
    host.sh(
      `ausearch --input-logs -m avc -ts '${since}' 2>/dev/null | grep -c 'scontext=[^ ]*:claw_' || true`,
    );
  const clock = () => host.sh('date +%H:%M:%S');

  test(
    'works confined and enforcing, without a denial',
    async () => {
      expect(await host.sh('getenforce')).toBe('Enforcing');
      const since = await clock();
      await works(head);
      await works(head, 'bob');
      await host.sh(
        'systemctl restart claw-scheduler; until clw health >/dev/null 2>&1; do :; done; systemctl reload claw-scheduler',
      );
      await works(head);
      expect(await host.sh('ps -o label= -p $(systemctl show -P MainPID claw-scheduler)')).toBe(
        'system_u:system_r:claw_scheduler_t:s0',
      );
      expect(await denials(since)).toBe('0');
    },
    VM_MS,
  );

  test(
    'selinux-label: the configuration cannot be read until it is labelled as the policy has it',
    async () => {
      const since = await clock();
      await head.apply(['selinux-label']);
      expect(await host.sh('systemctl is-active claw-scheduler || true')).toBe('failed');
      expect(await host.sh('tail -n 1 /var/log/claw-scheduler.log')).toMatch(
        /^\[ERROR\] Cannot read \/etc\/claw-scheduler\/config\.yaml: EACCES \(/,
      );
      expect(Number(await denials(since))).toBeGreaterThan(0);
      await host.sh(
        'restorecon /etc/claw-scheduler/config.yaml; systemctl start claw-scheduler; until clw health >/dev/null 2>&1; do :; done',
      );
      await works(head);
    },
    VM_MS,
  );

  test(
    'selinux-port: 8080 cannot be bound until it is labelled as the scheduler’s',
    async () => {
      const since = await clock();
      await head.apply(['selinux-port']);
      expect(await host.sh('systemctl is-active claw-scheduler || true')).toBe('failed');
      expect(await host.sh('tail -n 1 /var/log/claw-scheduler.log')).toMatch(
        /^\[ERROR\] Cannot listen on 0\.0\.0\.0:8080: EACCES \(/,
      );
      expect(Number(await denials(since))).toBeGreaterThan(0);
      await host.sh(
        'semanage port -m -t claw_scheduler_port_t -p tcp 8080; systemctl start claw-scheduler; until clw health >/dev/null 2>&1; do :; done',
      );
      await works(head);
    },
    VM_MS,
  );
});

describe.skipIf(why !== undefined)('a head node under AppArmor', () => {
  let host: LabHost;
  let head: HeadNode;
  beforeAll(async () => {
    host = await upHost('scheduler-aa', { vm: 'apparmor' });
    head = await setUpHeadNode(host, { kind: 'apparmor' });
  }, VM_MS);
  afterAll(() => host?.down());

  test(
    'works confined; without the rule for its configuration it cannot start until that is added',
    async () => {
      const label = 'cat /proc/$(systemctl show -P MainPID claw-scheduler)/attr/current';
      expect(await host.sh(label)).toBe('claw-schedulerd (enforce)');
      await works(head);
      await works(head, 'bob');
      await head.apply(['apparmor']);
      expect(await host.sh('systemctl is-active claw-scheduler || true')).toBe('failed');
      expect(await host.sh('tail -n 1 /var/log/claw-scheduler.log')).toMatch(
        /^\[ERROR\] Cannot read \/etc\/claw-scheduler\/config\.yaml: EACCES \(/,
      );
      expect(
        await host.sh(
          'journalctl -k --no-pager | grep -c \'apparmor="DENIED".*name="/etc/claw-scheduler/config.yaml"\'',
        ),
      ).not.toBe('0');
      await host.sh(`mkdir -p /etc/apparmor.d/local; echo '/etc/claw-scheduler/** r,' > /etc/apparmor.d/local/usr.sbin.claw-schedulerd
apparmor_parser -r /etc/apparmor.d/usr.sbin.claw-schedulerd; systemctl start claw-scheduler; until clw health >/dev/null 2>&1; do :; done`);
      await works(head);
    },
    VM_MS,
  );
});
