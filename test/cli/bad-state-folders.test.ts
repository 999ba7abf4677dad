import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Ended, eventsOf, launcher, makePlace, type Place, startProcess } from './support/claw-run.ts';

// What journals are kept on may be full, read-only, no folder, or be taken away under way. Whatever it is: no change that nobody can roll back, no bug, and what is
// printed is true.

const runbook = (folder: string, more = '') => `runbook: kept
version: 1
title: Files
description: For state folders that are not as they should be.
targets: { box: { kind: host, default: local } }
steps:
  - { id: one, uses: linux.file, with: { path: ${join(folder, 'one')}, content: "x\\n" } }
${more}  - { id: two, uses: linux.file, with: { path: ${join(folder, 'two')}, content: "x\\n" } }
on-failure: roll-back
`;

interface Given extends Place {
  readonly file: string;
  readonly state: string;
  readonly made: () => Promise<readonly string[]>;
}

async function given(): Promise<Given> {
  const place = await makePlace();
  const file = join(place.folder, 'kept.yaml');
  await writeFile(file, runbook(place.folder));
  const state = join(place.folder, 'state');
  await mkdir(state, { mode: 0o700 });
  const made = async () =>
    (await readdir(place.folder)).filter((name) => name === 'one' || name === 'two').sort();
  return { ...place, file, state, made };
}

/** That nothing was done, why, and that nothing is said of a resume. */
async function expectRefused({ exit, stdout, stderr }: Ended, { made }: Given, why: RegExp): Promise<void> {
  const events = eventsOf(stdout);
  expect({ exit, stderr, made: await made() }).toEqual({ exit: 3, stderr: '', made: [] });
  expect(events.some(({ type }) => type === 'run.confirmed')).toBe(false);
  const end = events.at(-1) as { problems: { code: string; message: string; hint: string }[] };
  expect(end).toMatchObject({ type: 'run.ended', status: 'refused', journal: false });
  const [problem] = end.problems;
  expect(problem?.message).toMatch(why);
  expect(problem?.hint).toMatch(/--state-dir|--key-file/);
  expect(problem?.hint).not.toContain('resume');
}

describe('a place where no journal can be kept is told before anybody is asked:', () => {
  const places: readonly (readonly [string, RegExp, (given: Given) => Promise<unknown>])[] = [
    ['a file', /is no folder \(ENOTDIR\)/, ({ state }) => writeFile(join(state, 'claw-run'), '')],
    [
      'a file where runs are',
      /something else is in its place \(EEXIST\)/,
      ({ state }) => writeFile(join(state, 'claw-run'), '').then(() => runsAsFile(state)),
    ],
    [
      'a link to nowhere',
      /something else is in its place \(EEXIST\)/,
      ({ state }) => symlink('/no/such/place', join(state, 'claw-run')),
    ],
    [
      'a place that takes no folders',
      /its folder is not there \(ENOENT\)/,
      ({ state }) => symlink('/proc/self', join(state, 'claw-run')),
    ],
    [
      'a key that is a folder',
      /state\.key cannot be read: a folder is in its place/,
      ({ folder }) => mkdir(join(folder, '.config/claw-run/state.key'), { recursive: true, mode: 0o700 }),
    ],
    [
      'a folder of the key that is a file',
      /state\.key cannot be read: a part of its path is no folder/,
      ({ folder }) => writeFile(join(folder, '.config'), ''),
    ],
  ];

  async function runsAsFile(state: string) {
    await rm(join(state, 'claw-run'));
    await mkdir(join(state, 'claw-run'), { mode: 0o700 });
    await writeFile(join(state, 'claw-run/runs'), '');
  }

  test.each(places)('%s', async (_, why, make) => {
    const it = await given();
    await make(it);
    await expectRefused(await it.run([it.file, '--yes', '--output', 'json']), it, why);
  });
});

const why = whyNoMounts();

describe.skipIf(why !== undefined)(
  `file systems of its own${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    /** Calls claw-run with its state on a file system that is gone with the process; `then` is a shell line that knows `claw-run` and `$state`. */
    function on({ env, folder, state }: Given, mount: string, then: string): Promise<Ended> {
      const script = `mount -t tmpfs -o mode=700,${mount} none "$state" || exit 99
claw_run() { '${process.execPath}' '${launcher}' "$@"; }
${then}`;
      return startProcess(['unshare', '-m', 'sh', '-c', script], { cwd: folder, env: { ...env, state } })
        .ended;
    }

    const once = 'claw_run kept.yaml --yes --output json';

    test.each([
      ['4k', /the disk is full \(ENOSPC\)/],
      ['64k', /the disk is full \(ENOSPC\)/],
      ['128k', /the disk is full \(ENOSPC\)/],
      ['1m,nr_inodes=2', /the disk is full \(ENOSPC\)/],
      ['1m,nr_inodes=6', /the disk is full \(ENOSPC\)/],
      ['1m,ro', /the file system is read-only \(EROFS\)/],
    ])('of %s takes no journal, and nothing is done', async (size, reason) => {
      const it = await given();
      await expectRefused(await on(it, `size=${size}`, once), it, reason);
    });

    test('of any size: a run is refused and leaves nothing, or is done and can be rolled back', async () => {
      const it = await given();
      const exits = new Set<number | null>();
      for (let kib = 180; kib <= 300; kib += 8) {
        const { exit, stderr } = await on(
          it,
          `size=${kib}k`,
          `${once} >/dev/null; exit=$?
[ $exit = 0 ] || { [ $exit = 3 ] && [ ! -e one ] && [ -z "$(ls -A "$state/claw-run/runs")" ]; } || exit 98
[ $exit = 3 ] || claw_run rollback --yes --quiet >/dev/null || exit 97
exit $exit`,
        );
        expect({ kib, exit, stderr, made: await it.made() }).toEqual({
          kib,
          exit: expect.toBeOneOf([0, 3]),
          stderr: '',
          made: [],
        });
        exits.add(exit);
      }
      expect(exits).toEqual(new Set([0, 3]));
    });

    test('that is full once a run has begun stops neither it nor its rollback', async () => {
      const it = await given();
      await writeFile(
        it.file,
        runbook(
          it.folder,
          `  - { id: full, uses: linux.command, with: { argv: [sh, -c, "cat /dev/zero >${it.state}/z 2>/dev/null || true"] } }\n`,
        ),
      );
      const then = `${once} >/dev/null && [ -e two ] && claw_run rollback --yes`;
      // the rollback ends with what it cannot take back: the file that fills the disk
      expect(await on(it, 'size=1m', then)).toMatchObject({ exit: 6 });
      expect(await it.made()).toEqual([]);
    });

    test('that is full takes no plan, and leaves the one that was there', async () => {
      const it = await given();
      const then = `cd "$state"; printf old >plan.json; cat /dev/zero >z 2>/dev/null
claw_run plan ../kept.yaml -q -o plan.json; exit=$?; [ "$(ls)" = 'plan.json
z' ] && [ "$(cat plan.json)" = old ] && exit $exit`;
      const { exit, stderr } = await on(it, 'size=16k', then);
      expect({ exit, stderr }).toEqual({
        exit: 2,
        stderr: expect.stringContaining('the disk is full (ENOSPC)'),
      });
    });

    test('of locks that is full is no other run', async () => {
      const it = await given();
      const locks = join(it.folder, 'locks');
      await mkdir(locks);
      const then = `mount -t tmpfs -o mode=755,size=4k none '${locks}'; cat /dev/zero >'${locks}/z' 2>/dev/null
${once}; exit=$?; [ ! -e '${locks}/claw-run.lock' ] && exit $exit`;
      const { exit, stdout } = await on(it, 'size=1m', then);
      expect(exit).toBe(3);
      expect(eventsOf(stdout).at(-1)).toMatchObject({
        status: 'refused',
        problems: [{ message: expect.stringContaining('claw-run.lock cannot be written') }],
      });
      expect(await it.made()).toEqual([]);
    });
  },
);

/** Why nothing can be mounted here, or nothing. */
function whyNoMounts(): string | undefined {
  if (process.getuid?.() !== 0) return 'mounting needs root';
  const { status } = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']);
  return status === 0 ? undefined : 'unshare and mount are needed, and allowed';
}

describe('a journal that is taken away while its run is under way:', () => {
  const faults: readonly (readonly [string, (run: string, state: string) => Promise<unknown>])[] = [
    ['all of it', (_, state) => rm(join(state, 'claw-run'), { recursive: true })],
    ['the folder of the run', (run) => rm(run, { recursive: true })],
    ['the folder, moved', (run, state) => rename(run, join(state, 'elsewhere'))],
    ['its lines', (run) => rm(join(run, 'journal.jsonl'))],
    ['its lines, cut off', (run) => truncate(join(run, 'journal.jsonl'), 100)],
    [
      'its lines, replaced',
      async (run) => {
        const path = join(run, 'journal.jsonl');
        const text = await readFile(path);
        await rm(path);
        await writeFile(path, text);
      },
    ],
    ['its head', (run) => rm(join(run, 'head'))],
  ];

  async function underWay(policy: string) {
    const it = await given();
    const gate = `  - { id: gate, uses: linux.command, with: { argv: [sh, -c, "touch ${it.folder}/begun; until [ -e ${it.folder}/go ]; do sleep 0.05; done"], unless: [test, -e, ${it.folder}/go], undo: [rm, -f, ${it.folder}/go] } }\n`;
    await writeFile(
      it.file,
      runbook(it.folder, gate).replace('on-failure: roll-back', `on-failure: ${policy}`),
    );
    const started = it.start([it.file, '--yes', '--output', 'json']);
    await expect.poll(() => readdir(it.folder), { timeout: 60_000 }).toContain('begun');
    const [id = ''] = await readdir(join(it.state, 'claw-run/runs'));
    const go = async (): Promise<Ended> => {
      await writeFile(join(it.folder, 'go'), '');
      return started.ended;
    };
    return { ...it, id, path: join(it.state, 'claw-run/runs', id), go };
  }

  test.each(faults)('%s: what was done is rolled back at once', async (_, take) => {
    const it = await underWay('roll-back');
    await take(it.path, it.state);
    const { exit, stdout, stderr } = await it.go();
    expect({ exit, stderr, made: await it.made() }).toEqual({ exit: 5, stderr: '', made: [] });
    expect(eventsOf(stdout).at(-1)).toMatchObject({
      type: 'run.ended',
      status: 'rolled-back',
      journal: false,
      problems: [{ code: 'journal-lost', message: expect.stringMatching(/was (removed|replaced|cut off)/) }],
    });
  });

  test('where nothing is to be rolled back, it stops and names no command that cannot be had', async () => {
    const it = await underWay('stop');
    await rm(it.path, { recursive: true });
    const { exit, stdout } = await it.go();
    expect({ exit, made: await it.made() }).toEqual({ exit: 1, made: ['one'] });
    expect(eventsOf(stdout).at(-1)).toMatchObject({ status: 'failed', journal: false });
    expect(await it.run(['runs'])).toMatchObject({
      exit: 0,
      stdout: 'No runs have been kept on this machine.\n',
    });
  });

  test('a run whose lines were cut off is listed as damaged, whatever was known of it', async () => {
    const it = await underWay('stop');
    await truncate(join(it.path, 'journal.jsonl'), 0);
    await it.go();
    const { stdout } = await it.run(['runs']);
    expect(stdout).toContain(it.id);
    expect(stdout).toContain('damaged');
    expect(await it.run(['rollback', '--yes'])).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('was cut off'),
    });
  });

  test('that says whose it is: the run stops, and can be resumed', async () => {
    const it = await underWay('roll-back');
    await rm(join(it.path, 'owner'));
    const { exit, stdout } = await it.go();
    expect({ exit, made: await it.made() }).toEqual({ exit: 1, made: ['one'] });
    expect(eventsOf(stdout).at(-1)).toMatchObject({
      problems: [{ code: 'lock-lost', message: expect.stringContaining(`removed ${it.path}/owner`) }],
    });
    expect(await it.run(['resume', '--yes'])).toMatchObject({ exit: 0 });
    expect(await it.made()).toEqual(['one', 'two']);
  });
});

test('a folder for temporary files that is not there is no bug of the sandbox', async () => {
  const { run, file, folder } = await given();
  const cluster = (await readFile(file, 'utf8')).replace(
    '{ kind: host, default: local }',
    '{ kind: cluster }',
  );
  await writeFile(file, cluster.replace(/steps:(?:.|\n)*on-failure/, 'steps: []\non-failure'));
  const { exit, stdout, stderr } = await run([file, '--sandbox', 'healthy', '--yes', '--output', 'json'], {
    env: { TMPDIR: join(folder, 'none') },
  });
  expect({ exit, stderr }).toEqual({
    exit: 3,
    stderr: expect.stringContaining('its folder is not there (ENOENT)'),
  });
  expect(eventsOf(stdout).at(-1)).toMatchObject({ status: 'refused', problems: [{ code: 'local-failure' }] });
});

describe('a process that may open few files', () => {
  test('cannot start a sandbox, and says so', async () => {
    const { folder, env, file } = await given();
    const cluster = (await readFile(file, 'utf8')).replace(
      /targets:.*/,
      'targets: { box: { kind: cluster } }',
    );
    await writeFile(file, cluster.replace(/steps:(?:.|\n)*on-failure/, 'steps: []\non-failure'));
    const line = `ulimit -n 26; exec '${process.execPath}' '${launcher}' kept.yaml --sandbox healthy --yes`;
    const { exit, stderr } = await startProcess(['sh', '-c', line], { cwd: folder, env }).ended;
    expect({ exit, stderr }).toMatchObject({ stderr: expect.not.stringContaining('this is a bug') });
    expect(stderr).toMatch(/the practice cluster cannot be started: |EMFILE/);
    expect(exit).not.toBe(0);
  });

  test.each([21, 22, 23, 24, 25, 26, 27, 28, 30, 34])(
    '%s: is no bug, and changes nothing unless it can roll it back',
    async (limit) => {
      const it = await given();
      const line = `ulimit -n ${limit}; exec '${process.execPath}' '${launcher}' kept.yaml --yes`;
      const { exit, stdout, stderr } = await startProcess(['sh', '-c', line], { cwd: it.folder, env: it.env })
        .ended;
      const said = `${stdout}${stderr}`;
      // below what Node.js itself needs, it ends in its own way
      if (said.includes('node:internal') || exit === null) return;
      expect({ exit, said }).toEqual({
        exit: expect.toBeOneOf([0, 1, 3]),
        said: expect.not.stringContaining('this is a bug'),
      });
      expect(said).toMatch(exit === 0 ? /Fixed and verified/ : /EMFILE|cannot be started/);
      expect(await it.made()).toEqual(exit === 0 ? ['one', 'two'] : []);
    },
  );
});
