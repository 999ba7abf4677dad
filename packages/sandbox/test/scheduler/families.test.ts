import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  createHeadNodeSecrets,
  type HeadNodeScenario,
  headNodeWorld,
  parseHeadNodeScenarios,
} from '../../src/index.ts';
import { startTestNode, type TestNode } from './head-node.ts';

let node: TestNode | undefined;
afterEach(async () => {
  await node?.close();
  node = undefined;
});

test.each<{ scenarios: readonly HeadNodeScenario[]; listen: readonly string[]; family: string }>([
  { scenarios: [], listen: ['0.0.0.0:8080', '[::]:8080'], family: 'ipv4' },
  { scenarios: ['ipv6'], listen: ['0.0.0.0:8080'], family: 'ipv6' },
  { scenarios: ['ipv6', 'config-stale'], listen: ['0.0.0.0:8080'], family: 'ipv6' },
])('a world that is $scenarios listens on $listen, and is known by $family', async ({ scenarios, ...is }) => {
  const secrets = await createHeadNodeSecrets({ users: ['alice'], names: ['head'], addresses: [] });
  const { files, family, afterwards } = await headNodeWorld({
    scenarios,
    layout: {
      etc: '/etc/claw-scheduler',
      site: '/etc/claw',
      home: (user) => `/home/${user}`,
      listen: ['0.0.0.0:8080', '[::]:8080'],
      server: 'https://head:8080',
      proxyPort: 3128,
    },
    secrets,
    user: 'alice',
    now: new Date('2025-01-15T10:45:00Z'),
  });
  const written = [...files, ...afterwards.flatMap((event) => (event.kind === 'write' ? [event.file] : []))];
  const configs = written
    .filter(({ path }) => path === '/etc/claw-scheduler/config.yaml')
    .map(({ content }) => parse(content) as { server: { listen: string[] } });
  expect(configs.length).toBe(scenarios.includes('config-stale') ? 2 : 1);
  for (const config of configs) expect({ listen: config.server.listen, family }).toEqual(is);
});

test('what has to get through the scheduler cannot be broken together with its address', () => {
  expect(() => parseHeadNodeScenarios(['group-cached', 'ipv6'])).toThrow(/contradict each other$/);
  expect(() => parseHeadNodeScenarios(['queue-full', 'ipv6'])).toThrow(/contradict each other$/);
});

test('the practice head node is known by its IPv4 address alone', async () => {
  node = await startTestNode();
  const asked = await node.sh(
    'getent ahosts localhost; getent ahostsv4 localhost; getent ahostsv6 localhost || echo $?; getent ahosts elsewhere || echo $?',
  );
  expect(asked).toMatchObject({ stdout: '127.0.0.1 STREAM localhost\n127.0.0.1 STREAM localhost\n2\n2\n' });
});
