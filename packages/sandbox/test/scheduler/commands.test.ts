import { access } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestNode, type TestNode } from './head-node.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode();
});
afterAll(() => node.close());

const out = async (line: string) => (await node.sh(line)).stdout;

describe('the commands of a practice head node', () => {
  test('tell accounts as the real ones do', async () => {
    expect(await out('id alice; id -u -- alice; id -nG -- bob; groups alice; su -l bob -c "id -Gn"')).toBe(
      'uid=1001(alice) gid=1001(alice) groups=1001(alice),2000(claw-users)\n1001\nbob claw-users\nalice : alice claw-users\nbob claw-users\n',
    );
    expect(
      await out('getent group claw-users 1001; getent -s files gshadow claw-users; getent passwd alice'),
    ).toBe(
      `claw-users:x:2000:alice,bob\nalice:x:1001:\nclaw-users:!::alice,bob\nalice:x:1001:1001::${node.dir}/home/alice:/bin/sh\n`,
    );
    expect(await node.sh('getent group nobody-here')).toEqual({ code: 2, stdout: '', stderr: '' });
    expect((await node.sh('id mallory')).stderr).toBe("id: 'mallory': no such user\n");
  });

  test('leave the group files as they were when a membership is taken back', async () => {
    const before = await out(`cat ${node.dir}/etc/group ${node.dir}/etc/gshadow`);
    await node.sh('usermod -aG claw-admins alice; usermod -aG claw-admins alice');
    expect(await out('getent group claw-admins; getent -s files gshadow claw-admins')).toBe(
      'claw-admins:x:2001:alice\nclaw-admins:!::alice\n',
    );
    expect((await node.sh('gpasswd -d alice claw-admins')).code).toBe(0);
    expect(await out(`cat ${node.dir}/etc/group ${node.dir}/etc/gshadow`)).toBe(before);
    expect((await node.sh('gpasswd -d alice claw-admins')).code).toBe(3);
    expect((await node.sh('usermod -aG nobody-here alice')).code).toBe(6);
  });

  test('a session keeps the groups that it was begun with', async () => {
    expect(
      await out('su -l alice -c "usermod -aG claw-admins alice; id -Gn; su -l alice -c \'id -Gn\'"'),
    ).toBe('alice claw-users\nalice claw-users claw-admins\n');
    await node.sh('gpasswd -d alice claw-admins');
  });

  test('sudo begins sessions as claw-run asks for them, and root is whoever practises', async () => {
    expect(await out("sudo -n -H -u alice -- sh -l -c 'cd && exec \"$@\"' sh sh -c 'pwd; id -un'")).toBe(
      `${node.dir}/home/alice\nalice\n`,
    );
    expect(await out('echo "id -un" | sudo -n sh')).toBe(await out('command -p id -un'));
    expect((await node.sh('sudo -n -l -u root -- sh')).code).toBe(0);
  });

  test('systemctl knows the unit, its times and its end', async () => {
    const show = (keys: string) =>
      out(`systemctl show --timestamp=us+utc --property=${keys} -- claw-scheduler`);
    expect(await show('Id,LoadState,ActiveState,SubState,Result,UnitFileState,NRestarts')).toBe(
      'Id=claw-scheduler.service\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nUnitFileState=enabled\nNRestarts=0\n',
    );
    expect(await show('ExecMainStartTimestamp')).toMatch(
      /^ExecMainStartTimestamp=[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} UTC\n$/,
    );
    await node.sh('systemctl reload claw-scheduler');
    expect(await show('ExecReload')).toMatch(
      / ; start_time=\[[A-Z][a-z]{2} \d{4}-.* UTC\] ;.* status=0 \}\n$/,
    );
    await node.sh('kill -9 $(systemctl show -p MainPID claw-scheduler | cut -d= -f2)');
    // a signal is sent before it has done its work
    await expect
      .poll(() => node.sh('systemctl is-active claw-scheduler'))
      .toMatchObject({ code: 3, stdout: 'failed\n' });
    expect(
      (await node.sh('systemctl restart claw-scheduler; systemctl is-active claw-scheduler')).stdout,
    ).toBe('active\n');
    expect(await out('systemctl show --property=LoadState -- other')).toBe('LoadState=not-found\n');
  });

  test('any other use ends loudly, and nothing that would change the machine is there', async () => {
    const ran = await Promise.all(
      [
        'usermod -s /bin/sh alice',
        'systemctl mask claw-scheduler',
        'getent hosts x',
        'id -Z',
        'journalctl --since today',
        'useradd eve',
      ].map((line) => node.sh(line)),
    );
    expect(ran.map(({ code, stderr }) => [code, stderr.split(':')[0]])).toEqual([
      [64, 'usermod'],
      [64, 'systemctl'],
      [64, 'getent'],
      [64, 'id'],
      [64, 'journalctl'],
      [127, 'useradd'],
    ]);
  });
});

test('a head node leaves nothing behind, neither files nor processes', async () => {
  const other = await startTestNode('proxy');
  const pid = (await other.sh('systemctl show -p MainPID claw-scheduler')).stdout.trim().split('=')[1];
  await other.close();
  await expect(access(other.dir)).rejects.toThrow('ENOENT');
  // one that has ended is there until somebody has waited for it
  await vi.waitFor(() => expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH'), 60_000);
});
