import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { headNodeScenarios, parseHeadNodeScenarios } from '../../src/index.ts';
import { JOB, type Ran, startTestNode, type TestNode } from './head-node.ts';

let node: TestNode | undefined;
afterEach(async () => {
  await node?.close();
  node = undefined;
});

const submit = (from: TestNode, user = 'alice') => from.as(user, `${JOB}; clw submit job.yaml`);
const denied =
  /^clw-scheduler-denied: Access denied to scheduler endpoint \/api\/v1\/jobs\/submit\. User 'alice' lacks/;
const badToken = /^clw-scheduler-denied: Token invalid\/expired\n$/;
const reasonOf = async (from: TestNode) => {
  const log = await readFile(join(from.dir, 'home/alice/.claw/clw.log'), 'utf8');
  return /"reason":"([a-z-]+)"/.exec(log.trimEnd().split('\n').at(-1) ?? '')?.[1];
};
const works = (ran: Ran) => expect(ran).toMatchObject({ code: 0, stderr: '' });

describe('each scenario shows its symptom to alice alone, and mending by hand heals it', () => {
  test.each([
    ['group', denied, 'group', 'usermod -aG claw-users alice; systemctl reload claw-scheduler'],
    ['group-cached', denied, 'group', 'systemctl reload claw-scheduler'],
    ['token-expired', badToken, 'token-expired', 'su -l alice -c "clw login"'],
    ['token-cached', badToken, 'token-invalid', 'su -l alice -c "rm .claw/config.yaml; clw login"'],
    ['proxy', badToken, 'token-missing', 'sed -i.old /HTTP_PROXY/d home/alice/.profile'],
  ] as const)('%s', async (scenario, symptom, reason, mend) => {
    node = await startTestNode(scenario);
    const { code, stderr } = await submit(node);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(symptom) });
    expect(await reasonOf(node)).toBe(reason);
    works(await submit(node, 'bob'));
    works(await node.sh(`cd ${node.dir}; ${mend}`));
    works(await submit(node));
  });

  test('config: nobody is let in until the file is right and has been read', async () => {
    node = await startTestNode('config');
    expect((await submit(node)).stderr).toMatch(denied);
    expect((await submit(node, 'bob')).code).toBe(1);
    works(await node.sh(`sed -i.old 's/^    - claw-admins/    - claw-users\\n&/' ${node.params.config}`));
    expect((await submit(node)).code).toBe(1);
    works(await node.sh('systemctl restart claw-scheduler'));
    works(await submit(node));
  });

  test('config-stale: the file is right and newer than the process', async () => {
    node = await startTestNode('config-stale');
    expect(await readFile(node.params.config, 'utf8')).toContain('- claw-users');
    expect((await submit(node)).stderr).toMatch(denied);
    works(await node.sh('systemctl restart claw-scheduler'));
    works(await submit(node));
  });

  test('service: nothing answers', async () => {
    node = await startTestNode('service');
    const { port } = node.params;
    expect((await submit(node)).stderr).toBe(
      `scheduler-unavailable: cannot reach localhost:${port}: ECONNREFUSED\n`,
    );
    expect((await node.sh('systemctl is-active claw-scheduler')).stdout).toBe('inactive\n');
    works(await node.sh('systemctl start claw-scheduler'));
    works(await submit(node));
  });

  test.each([
    ['account-locked', 'usermod -U alice', 'usermod -L alice'],
    ['account-expired', 'chage -E -1 alice', 'chage -E 2020-01-01 alice'],
    [
      'password-wrong',
      '{ printf alice:; cat home/alice/.claw/credentials; } | chpasswd',
      'echo alice:another-one | chpasswd',
    ],
  ] as const)(
    '%s: a login is rejected, and the token is of no use any more',
    async (scenario, mend, again) => {
      node = await startTestNode(scenario);
      const rejected = { code: 1, stderr: "clw-auth-failed: Login of 'alice' was rejected\n" };
      expect(await node.as('alice', 'clw login')).toMatchObject(rejected);
      expect((await submit(node)).stderr).toMatch(badToken);
      works(await node.as('bob', 'clw login'));
      works(await node.sh(`cd ${node.dir}; ${mend}`));
      works(await node.as('alice', 'clw login'));
      works(await submit(node));
      works(await node.sh(again));
      expect(await node.as('alice', 'clw login')).toMatchObject(rejected);
    },
  );

  test('service-broken: the daemon has fallen over a key, says so when asked, and starts once it is right', async () => {
    node = await startTestNode('service-broken');
    const { config } = node.params;
    expect((await submit(node)).stderr).toMatch(/^scheduler-unavailable: /);
    expect((await node.sh('systemctl is-active claw-scheduler')).stdout).toBe('failed\n');
    expect(await node.sh(`claw-schedulerd --check --config ${config}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${config}: line 13: auth.group_cashe: is not known`),
    });
    works(await node.sh(`sed -i.old s/group_cashe/group_cache/ ${config}`));
    expect(await node.sh(`claw-schedulerd --check --config ${config}`)).toEqual({
      code: 0,
      stdout: `${config}: valid\n`,
      stderr: '',
    });
    works(await node.sh('systemctl start claw-scheduler'));
    works(await submit(node));
  });

  test('job-invalid: the file is refused with its place, before anybody asks who submits it', async () => {
    node = await startTestNode('job-invalid', 'group');
    expect((await node.as('alice', 'clw submit job.yaml')).stderr).toBe(
      'clw-job-invalid: job.yaml:5:1: resources is not known beside job; is it indented?\n',
    );
    expect((await node.as('alice', 'clw list')).stderr).toMatch(/^clw-scheduler-denied: /);
  });

  test('queue-full: a job of bob holds the slots; other queues are for whom they are', async () => {
    node = await startTestNode('queue-full');
    expect((await node.as('alice', 'clw submit job.yaml')).stderr).toBe(
      "clw-queue-full: No slot in queue 'default'\n",
    );
    const { stdout } = await node.as('alice', 'clw queues --format json');
    expect(JSON.parse(stdout)).toEqual({
      queues: [
        {
          name: 'default',
          slots: 4,
          used: 4,
          allowed: true,
          holders: [{ user: 'bob', slots: 4, jobs: 1 }],
        },
        { name: 'batch', slots: 8, used: 0, allowed: true, holders: [] },
        { name: 'express', slots: 2, used: 0, allowed: false, holders: [] },
      ],
    });
    works(
      await node.as('alice', "sed -i.old 's/^  resources/  queue: batch\\n&/' job.yaml; clw submit job.yaml"),
    );
    expect(
      (await node.as('alice', 'sed -i.old s/batch/express/ job.yaml; clw submit job.yaml')).stderr,
    ).toMatch(denied);
  });

  test('several at once', async () => {
    node = await startTestNode('group', 'token-expired', 'config');
    expect((await submit(node)).stderr).toMatch(badToken);
    works(await node.as('alice', 'clw login'));
    expect((await submit(node)).stderr).toMatch(denied);
  });
});

describe('scenarios', () => {
  test('that are unknown, contradict each other or take a host are refused', async () => {
    expect(() => parseHeadNodeScenarios(['grop'])).toThrow(
      /^unknown scenario grop; the known ones are healthy, group/,
    );
    expect(() => parseHeadNodeScenarios(['group', 'group-cached'])).toThrow(
      'the scenarios group and group-cached contradict each other',
    );
    for (const { name } of headNodeScenarios.filter(({ where }) => where !== 'anywhere'))
      await expect(startTestNode(name)).rejects.toThrow(/takes a host of its own/);
  });
});
