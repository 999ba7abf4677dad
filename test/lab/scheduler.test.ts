import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobFile, submitJob } from './support/jobs.ts';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';
import { type HeadNode, setUpHeadNode } from './support/scheduler.ts';

const why = whyNoLab();
if (why !== undefined) console.warn(`test/lab/scheduler: skipped: ${why}`);

const denied = (user: string) =>
  expect.stringContaining(
    `clw-scheduler-denied: Access denied to scheduler endpoint /api/v1/jobs/submit. User '${user}'`,
  );
const lastReason = async (head: HeadNode) =>
  /"reason":"([a-z-]+)"/.exec(await head.host.sh(`tail -n 1 /home/${head.user}/.claw/clw.log`))?.[1];
const works = async (head: HeadNode, user = head.user) =>
  expect(await submitJob(head, user)).toMatchObject({ exitCode: 0, stderr: '' });

describe.skipIf(why !== undefined)('a head node in a container', () => {
  let host: LabHost;
  let head: HeadNode;
  beforeAll(async () => {
    host = await upHost('scheduler', { node: true });
    head = await setUpHeadNode(host);
  });
  afterAll(() => host?.down());

  test('runs jobs as their users, at home and with all their groups', async () => {
    const { stdout } = await submitJob(head);
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
    const { exitCode, stderr } = await submitJob(head);
    const text = reason.startsWith('token') ? 'clw-scheduler-denied: Token invalid/expired' : denied('alice');
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: text });
    expect(await lastReason(head)).toBe(reason);
    await host.sh(mend);
    await works(head);
  });

  test('service: stopped, and started again', async () => {
    await head.apply(['service']);
    expect((await submitJob(head)).stderr).toBe(
      'scheduler-unavailable: cannot reach claw-head-01:8080: ECONNREFUSED',
    );
    await host.sh('systemctl start claw-scheduler; until clw health >/dev/null 2>&1; do :; done');
    await works(head);
  });

  test('a session that is older than the membership is told from one that is not', async () => {
    await head.apply(['group']);
    const old = `( ${jobFile}; while [ ! -e go ]; do sleep 0.05; done; clw submit job.yaml 2> old; touch done ) >/dev/null 2>&1 & `;
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
    expect((await submitJob(head)).stderr).toEqual(denied('lalice'));
    await host.sh(`ldapmodify -x -H ldap://127.0.0.1 -D cn=admin,dc=claw,dc=test -y /root/ldap.password <<'L'
dn: cn=claw-ldap,ou=groups,dc=claw,dc=test
changetype: modify
add: memberUid
memberUid: lalice
L
systemctl reload claw-scheduler`);
    expect((await submitJob(head)).stderr).toEqual(denied('lalice'));
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
      await client.sh(`su - alice -c "${jobFile.replaceAll('\\', '\\\\')}; clw submit job.yaml --wait"`),
    ).toContain('COMPLETED');
  });
});
