import { createLibrary } from '@claw-run/core';
import { openclaw } from '@claw-run/openclaw';
import type { HeadNodeScenario } from '@claw-run/sandbox';
import { describeLaws, type Subject } from '@claw-run/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inLab } from '../../packages/openclaw/test/laws/in-lab.ts';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';
import { type HeadNode, setUpHeadNode } from './support/scheduler.ts';
import { reach } from './support/try-runbook.ts';

const why = whyNoLab();
if (why !== undefined) console.error(`the laws of the scheduler's steps are not tried: ${why}`);

const library = createLibrary(openclaw);
let host: LabHost;
let head: HeadNode;

/** A use of a definition on a head node that is broken so. */
function subject(
  id: string,
  scenarios: readonly HeadNodeScenario[],
  rest: Omit<Subject, 'definition' | 'title' | 'before'>,
  more = 'true',
): Subject {
  const definition = library.get(id);
  if (definition === undefined) throw new Error(`there is no ${id}`);
  return {
    ...rest,
    definition,
    title: [scenarios.join(' and ') || 'a healthy head node', ...(more === 'true' ? [] : [more])].join(', '),
    before: async () => {
      await head.apply(scenarios);
      await host.sh(more);
      return undefined;
    },
  };
}

const user = 'alice';
const subjects: readonly Subject[] = [
  subject('openclaw.account', [], { with: { user } }),
  subject('openclaw.account', [], { with: { user: 'nobody-here' } }),
  subject('openclaw.scheduler', [], { with: {} }),
  subject('openclaw.client-identity', [], { with: { user }, finds: 'pass' }),
  subject('openclaw.client-identity', ['container'], { with: { user }, finds: 'fail' }),
  subject('openclaw.job-valid', [], { with: { user, file: '/etc/hostname' }, finds: 'fail' }),
  subject('openclaw.log-clean', [], { with: { user, since: 'Listening' }, finds: 'pass' }),
  subject('openclaw.proxy-bypassed', [], { with: { user }, finds: 'pass' }),
  subject('openclaw.proxy-bypassed', ['proxy'], { with: { user }, finds: 'fail' }),
  subject('openclaw.queue-free', [], { with: { user }, finds: 'pass' }),
  subject('openclaw.queue-free', ['group'], { with: { user }, finds: 'unknown' }),
  subject('openclaw.scheduler-config', ['config'], { with: { group: 'claw-users' }, finds: 'fail' }),
  subject('openclaw.scheduler-config', [], { with: { group: 'claw-users' }, finds: 'pass' }),
  subject('openclaw.scheduler-confined', [], { with: { from: 'port' }, finds: 'pass' }),
  subject('openclaw.scheduler-groups', ['group-cached'], {
    with: { user, group: 'claw-users' },
    finds: 'fail',
  }),
  subject('openclaw.scheduler-groups', [], { with: { user, group: 'claw-users' }, finds: 'pass' }),
  subject('openclaw.scheduler-healthy', ['service'], { with: { user }, finds: 'fail' }),
  subject('openclaw.scheduler-healthy', [], { with: { user }, finds: 'pass' }),
  subject('openclaw.server', [], { with: { user } }),
  subject('openclaw.server', ['service'], { with: { user } }),
  subject('openclaw.token-accepted', ['token-cached'], { with: { user }, finds: 'fail' }),
  subject('openclaw.token-accepted', ['service'], { with: { user }, finds: 'unknown' }),
  subject('openclaw.token-current', ['token-expired'], { with: { user }, finds: 'fail' }),
  subject('openclaw.token-current', [], { with: { user }, finds: 'pass' }),
  subject('openclaw.login', ['token-expired'], { with: { user } }),
  subject('openclaw.login', [], { with: { user }, plans: 'settled' }),
  subject('openclaw.login', [], { with: { user } }, 'rm /home/alice/.claw/config.yaml'),
  subject('openclaw.flush-groups', ['group-cached'], { with: {} }),
  subject('openclaw.job-valid', ['job-invalid'], {
    with: { user, file: '/home/alice/job.yaml', from: 'indent' },
    finds: 'fail',
  }),
  subject('openclaw.job-indent', ['job-invalid'], { with: { file: '/home/alice/job.yaml' } }),
  subject('openclaw.job-queue', ['queue-full'], {
    with: { file: '/home/alice/job.yaml', queue: 'default' },
    finds: 'pass',
  }),
  subject('openclaw.queue-free', ['queue-full'], { with: { user }, finds: 'fail' }),
  subject('openclaw.await-slot', [], { with: { user }, plans: 'settled' }),
  subject('openclaw.user-admitted', ['group'], { with: { user }, finds: 'fail' }),
  subject('openclaw.user-admitted', [], { with: { user }, finds: 'pass' }),
  subject('openclaw.scheduler-config-valid', ['service-broken'], { with: {}, finds: 'fail' }),
  subject('openclaw.scheduler-config-valid', ['service'], { with: {}, finds: 'pass' }),
  subject('openclaw.login-accepted', ['account-locked'], { with: { user }, finds: 'fail' }),
  subject('openclaw.login-accepted', [], { with: { user }, finds: 'pass' }),
  subject('openclaw.client', [], { with: { user } }),
  subject('openclaw.credential', [], { with: { user, password: 'another-one' } }),
  subject('openclaw.submit-jobs', [], { with: { user, count: 2, 'limit-ms': 20_000 } }),
];

it("all of the scheduler's steps are held to the laws", () => {
  expect([...new Set(subjects.map(({ definition }) => definition.id))].toSorted()).toEqual(inLab);
});

describe.skipIf(why !== undefined)('on a head node of the lab', () => {
  beforeAll(async () => {
    host = await upHost('sd-laws', { node: true });
    head = await setUpHeadNode(host);
  });
  afterAll(() => host?.down());
  // A kill at each moment of these is tried on the head node as a whole; here each world takes seconds to make.
  describeLaws(subjects, { connect: () => reach(host), crashes: false });
});
