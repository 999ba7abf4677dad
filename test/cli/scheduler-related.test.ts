import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ParamValue, Secret } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { openclaw } from '@claw-run/openclaw';
import { type HeadNodeScenario, startHeadNode } from '@claw-run/sandbox';
import { connectLocal } from '@claw-run/transports';
import { expect, onTestFinished, test } from 'vitest';
import { arrangeRunbook, changing, found, told } from '../lab/support/try-runbook.ts';
import { goWholeWay } from '../lab/support/whole-way.ts';
import { headNodePrograms } from '../support/programs.ts';

/** A practice head node that is broken so, and a shipped runbook to try on it. */
async function practice(
  name: string,
  scenarios: readonly HeadNodeScenario[],
  params: { readonly [name: string]: ParamValue } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-related-'));
  const node = await startHeadNode({ scenarios, programs: headNodePrograms });
  onTestFinished(async () => {
    await node.close();
    await rm(folder, { recursive: true, force: true });
  });
  const connection = connectLocal({
    env: { ...process.env, PATH: `${node.bin}:${process.env.PATH}` },
    lockFolder: join(folder, 'locks'),
  });
  const bench = await arrangeRunbook({
    name,
    libraries: [linux, openclaw],
    connections: Object.fromEntries(runbookTargets[name]?.map((target) => [target, connection]) ?? []),
    params: { ...ofNode(name, node.params), ...params },
    folder: join(folder, 'runs'),
  });
  /** Every file of the head node but what is written down of each command. */
  const snapshot = async () => {
    const names = await readdir(node.dir, { recursive: true, withFileTypes: true });
    const files = names
      .filter(
        (each) => each.isFile() && !/\/(run|var|bin)(\/|$)|clw\.log$/.test(join(each.parentPath, each.name)),
      )
      .map((each) => join(each.parentPath, each.name))
      .toSorted();
    return Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const));
  };
  const home = (user: string, file: string) => join(node.dir, 'home', user, file);
  return { ...bench, node, snapshot, home };
}

const runbookTargets: { readonly [name: string]: readonly string[] } = {
  'auth-failed': ['head', 'client'],
  'scheduler-denied': ['head', 'client'],
  'job-invalid': ['client'],
  'queue-full': ['client'],
};

/** The parameters of a runbook that the head node sets. */
function ofNode(name: string, params: { readonly [name: string]: ParamValue | undefined }) {
  const takes: { readonly [name: string]: readonly string[] } = {
    'auth-failed': ['user', 'service', 'config'],
    'scheduler-denied': [
      'user',
      'group',
      'service',
      'config',
      'log',
      'host',
      'client-config',
      'login-script',
      'job',
    ],
    'job-invalid': ['user', 'job'],
    'queue-full': ['user', 'job'],
  };
  return Object.fromEntries(
    (takes[name] ?? []).flatMap((key) => {
      const value = params[key];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

type Practice = Awaited<ReturnType<typeof practice>>;

const evidenceOf = (told: Awaited<ReturnType<Practice['go']>>, cause: string) =>
  told.events.flatMap((event) => (event.type === 'cause' && event.id === cause ? [event.evidence] : []))[0];

const problems = (told: Awaited<ReturnType<Practice['go']>>) =>
  told.outcome.problems.map(({ message }) => message).join('\n');

interface Rejected {
  readonly scenarios: readonly HeadNodeScenario[];
  readonly params: { readonly [name: string]: ParamValue };
  readonly causes: readonly string[];
}

test.each<Rejected>([
  { scenarios: ['account-locked'], params: { unlock: true }, causes: ['locked'] },
  { scenarios: ['account-expired'], params: { 'valid-until': '2099-12-31' }, causes: ['expired'] },
  {
    scenarios: ['account-locked', 'account-expired'],
    params: { unlock: true, 'valid-until': 'never' },
    causes: ['expired', 'locked'],
  },
  {
    scenarios: ['password-wrong'],
    params: { reset: true, password: new Secret('a-new-one-for-alice') },
    causes: ['password'],
  },
])(
  'auth-failed: $scenarios is found, mended, proved by a login, settled and undone',
  async ({ scenarios, params, causes }) => {
    const place = await practice('auth-failed', scenarios, params);
    const { mended } = await goWholeWay({ bench: place, causes, snapshot: place.snapshot });
    expect(JSON.stringify(mended.events)).not.toMatch(/a-new-one-for-alice|scrypt/);
  },
);

test.each([
  { scenario: 'account-locked', says: 'the password of alice is locked' },
  { scenario: 'account-expired', says: 'the account of alice has expired on 2020-01-01' },
  { scenario: 'password-wrong', says: "Login of 'alice' was rejected" },
] as const)(
  'auth-failed: $scenario is told, and left alone by whom it was not asked of',
  async ({ scenario, says }) => {
    const { go, snapshot } = await practice('auth-failed', [scenario]);
    const before = await snapshot();
    const left = await go();
    expect({ status: left.outcome.status, changing: changing(left) }, told(left)).toEqual({
      status: 'verification-failed',
      changing: [],
    });
    expect(problems(left)).toContain(says);
    expect(await snapshot()).toEqual(before);
  },
);

test('job-invalid: an indent is found by line and column, and mended by blanks alone', async () => {
  const place = await practice('job-invalid', ['job-invalid']);
  const { dry } = await goWholeWay({ bench: place, causes: ['indent'], snapshot: place.snapshot });
  expect(evidenceOf(dry, 'indent')?.details).toMatchObject({
    line: 5,
    column: 1,
    text: 'resources:',
    says: expect.stringContaining('is it indented?'),
  });
});

test('job-invalid: what only its owner can mend is told with its place, and left', async () => {
  const { go, snapshot, home } = await practice('job-invalid', ['job-invalid']);
  await writeFile(home('alice', 'job.yaml'), 'job:\n  name: test fix\n  command: echo hi\n');
  const before = await snapshot();
  const left = await go();
  expect({ found: found(left), status: left.outcome.status }, told(left)).toEqual({
    found: ['content'],
    status: 'verification-failed',
  });
  expect(problems(left)).toContain('job.yaml:2:9: job.name is not a name');
  expect(await snapshot()).toEqual(before);
});

test('an invalid job file masks a denial: both runbooks find both, and each mends its own', async () => {
  const { go, node, home } = await practice('job-invalid', ['group', 'job-invalid']);
  const first = await go();
  expect({ found: found(first), status: first.outcome.status }, told(first)).toEqual({
    found: ['denied', 'indent'],
    status: 'verification-failed',
  });
  expect(problems(first)).toMatch(/^The scheduler lets the user in: clw-scheduler-denied/);
  expect(await readFile(home('alice', 'job.yaml'), 'utf8')).toContain('\n  resources:\n    cpu: 1\n');
  await node.close();

  const denied = await practice('scheduler-denied', ['group', 'job-invalid'], {
    jobs: 1,
    'limit-ms': 20_000,
  });
  const mended = await denied.go();
  expect({ found: found(mended), status: mended.outcome.status }, told(mended)).toEqual({
    found: ['group', 'job-invalid'],
    status: 'unresolved',
  });
});

test('queue-full: who holds the slots is told, and a slot is waited for', async () => {
  const { go, undo, snapshot, home } = await practice('queue-full', ['queue-full']);
  const before = await snapshot();
  const dry = await go({ mode: 'plan' });
  expect(found(dry), told(dry)).toEqual(['full']);
  expect(evidenceOf(dry, 'full')).toMatchObject({
    because: expect.stringContaining(
      '4 of 4 slots are used: bob holds 4 (1 job); there is room for alice in batch',
    ),
    details: { holders: [{ user: 'bob', slots: 4, jobs: 1 }], others: ['batch'] },
  });
  expect(await snapshot()).toEqual(before);
  let waits = 0;
  const mended = await go({
    emit: (event) => {
      if (event.type !== 'step.waiting' || event.id !== 'wait') return;
      waits += 1;
      void appendFile(home('bob', 'release'), '');
    },
  });
  expect({ status: mended.outcome.status, waited: waits > 0 }).toEqual({ status: 'ok', waited: true });
  const again = await go();
  expect({ status: again.outcome.status, found: found(again) }, told(again)).toEqual({
    status: 'ok',
    found: [],
  });
  expect((await undo(mended.outcome.run)).outcome.status).toBe('ok');
});

test('queue-full: the wait has an end, and nobody has lost a job by it', async () => {
  const { go, runbook } = await practice('queue-full', ['queue-full']);
  const soon = { ...runbook, steps: runbook.steps.map((step) => ({ ...step, timeoutSeconds: 1 })) };
  const over = await go({ runbook: soon });
  expect(over.outcome.status, told(over)).not.toBe('ok');
  expect(problems(over)).toContain('bob holds 4 (1 job)');
  expect(found(await go({ mode: 'plan' }))).toEqual(['full']);
});

test('queue-full: told to use another queue, the job file names it', async () => {
  const place = await practice('queue-full', ['queue-full'], { 'other-queue': 'batch' });
  await goWholeWay({ bench: place, causes: ['elsewhere'], snapshot: place.snapshot });
});

test('queue-full: a queue that is not open to the user is not used', async () => {
  const { go, snapshot } = await practice('queue-full', ['queue-full'], { 'other-queue': 'express' });
  const before = await snapshot();
  const left = await go();
  expect(left.outcome.status, told(left)).toBe('rolled-back');
  expect(problems(left)).toContain('queue express is not open to alice');
  expect(await snapshot()).toEqual(before);
});

test('scheduler-unavailable: a scheduler that is stopped is started', async () => {
  const place = await practice('scheduler-denied', ['service'], { jobs: 1, 'limit-ms': 20_000 });
  await goWholeWay({ bench: place, causes: ['service'], snapshot: place.snapshot });
});

test('scheduler-unavailable: one that does not take its configuration is told of, and not started again', async () => {
  const { go, snapshot } = await practice('scheduler-denied', ['service-broken'], { jobs: 1 });
  const before = await snapshot();
  const left = await go();
  expect({ found: found(left), status: left.outcome.status, changing: changing(left) }, told(left)).toEqual({
    found: ['config-broken', 'service'],
    status: 'verification-failed',
    changing: [],
  });
  expect(problems(left)).toMatch(
    /^The scheduler takes its configuration: .*line 13: auth\.group_cashe: is not known/,
  );
  expect(await snapshot()).toEqual(before);
});

test('scheduler-unavailable: one that runs is not restarted into a configuration that it does not take', async () => {
  const { go, node, snapshot } = await practice('scheduler-denied', [], { jobs: 1 });
  const text = await readFile(node.params.config, 'utf8');
  await writeFile(node.params.config, text.replace('check_client: true', 'check_client: maybe'));
  const before = await snapshot();
  const left = await go();
  expect({ found: found(left), changing: changing(left) }, told(left)).toEqual({
    found: ['config-broken', 'config-stale'],
    changing: [],
  });
  expect(await snapshot()).toEqual(before);
  const healthy = left.events.find(
    (event) => event.type === 'check' && event.name.startsWith('The scheduler answers'),
  );
  expect(healthy).toMatchObject({ verdict: 'pass' });
});
