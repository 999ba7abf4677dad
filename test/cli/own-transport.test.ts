import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describeHostContract, type HostWorld } from '@claw-run/testing';
import { defineTransport, planRunbook, resumePastRun, runRunbook, Secret, undoPastRun } from 'claw-run';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { container } from '../../examples/04-own-transport.ts';
import { poster, room } from './fixtures/rooms.ts';
import { fixtures, makePlace, normal, type Place, root } from './support/claw-run.ts';
import { socketTransport, startShells } from './support/socket-transport.ts';

const rooms = join(fixtures, 'rooms.yaml');
const library = join(fixtures, 'rooms.ts');
const example = join(root, 'examples/04-own-transport.ts');

const cleanups: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

async function folderOf(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `claw-run-${name}-`));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A `docker` that takes the words of `docker exec -i NAME …` and knows one container: this machine. */
async function engineIn(folder: string): Promise<string> {
  const lines = [
    '#!/bin/sh',
    '[ "$1 $2" = "exec -i" ] || exit 125',
    '[ "$3" = head-01 ] || { echo "Error response from daemon: No such container: $3" >&2; exit 1; }',
    'shift 3',
    // the client is another process than the shell, whose status it ends with
    '"$@"',
    'exit $?',
  ];
  await writeFile(join(folder, 'docker'), `${lines.join('\n')}\n`, { mode: 0o755 });
  return `${folder}:${process.env.PATH}`;
}

async function thisMachine(): Promise<HostWorld> {
  const { username, uid } = userInfo();
  const sh = async (line: string) =>
    (await execa('sh', ['-c', line], { stdin: 'ignore', stripFinalNewline: false })).stdout;
  return { sh, user: username, sudo: false, ...(uid === 0 ? { intruder: 'daemon' } : {}) };
}

const settings = {
  name: 'head-01',
  cwd: '/',
  password: () => Promise.resolve(undefined),
  ask: () => Promise.resolve(undefined),
  onSecret: () => {},
};

describeHostContract(
  'a transport of one’s own, by a program',
  async (given) => {
    const env = { PATH: await engineIn(await folderOf('engine')) };
    return container.connect(new URL('container://head-01'), { ...settings, ...given, env });
  },
  thisMachine,
);

describeHostContract(
  'a transport of one’s own, by a Unix socket',
  async (given) => {
    const path = join(await folderOf('shells'), 'socket');
    const shells = await startShells(path, { word: 'open sesame' });
    cleanups.push(shells.close);
    return socketTransport.connect(new URL(`unix://ali@host${path}`), {
      ...settings,
      ...given,
      env: {},
      password: async (account) => (account === 'ali' ? new Secret('open sesame') : undefined),
    });
  },
  thisMachine,
);

describe('on the command line', () => {
  async function withRooms(): Promise<
    Place & { readonly posterOf: (name: string) => Promise<string | undefined> }
  > {
    const folder = await folderOf('rooms');
    for (const name of ['one', 'two', 'three']) await mkdir(join(folder, name));
    const place = await makePlace({ CLAW_ROOMS: folder });
    const posterOf = (name: string) => readFile(join(folder, name, 'poster'), 'utf8').catch(() => undefined);
    return { ...place, posterOf };
  }
  const given = [rooms, '--library', library];

  test('a host is where its scheme says: run, resume, roll back', async () => {
    const { run, posterOf } = await withRooms();
    const done = await run([...given, '--target', 'rooms=room://one', '--yes']);
    expect(done).toMatchObject({ exit: 0 });
    expect(done.stdout).toContain('rooms on rooms room://one');
    expect(await posterOf('one')).toBe('hello');
    expect(await posterOf('two')).toBeUndefined();
    const again = await run([...given, '--target', 'rooms=room://one', '--check', '--detailed-exitcode']);
    expect(again.exit).toBe(0);
    const without = await run(['rollback', '--yes']);
    expect({ ...without, stderr: normal(without.stderr) }).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(
        /^claw-run: RUN used the library \S+\/rooms\.ts; its code would run with your rights, so it is not loaded\n {2}.*--allow-libraries/,
      ),
    });
    expect(await posterOf('one')).toBe('hello');
    const other = await run(['rollback', '--yes', '--library', example]);
    expect({ ...other, stderr: normal(other.stderr) }).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('there is no transport for room://, which room://one needs\n'),
    });
    expect(await posterOf('one')).toBe('hello');
    expect(await run(['rollback', '--yes', '--library', library])).toMatchObject({ exit: 0 });
    expect(await posterOf('one')).toBeUndefined();
  });

  test('a saved plan finds the host again, with the library', async () => {
    const { run, posterOf } = await withRooms();
    const saved = await run(['plan', ...given, '--target', 'rooms=room://two', '-o', 'plan']);
    expect(saved.exit).toBe(0);
    expect(await run(['apply', 'plan', '--library', library])).toMatchObject({ exit: 0 });
    expect(await posterOf('two')).toBe('hello');
  });

  test('a fleet by an inventory, and its rollback', async () => {
    const { run, folder, posterOf } = await withRooms();
    await writeFile(join(folder, 'hosts'), 'room://one name=first\nroom://two\nroom://three big\n');
    const done = await run([...given, '--hosts', 'hosts', '--yes']);
    expect(done).toMatchObject({ exit: 0 });
    expect(await Promise.all(['one', 'two', 'three'].map(posterOf))).toEqual(['hello', 'hello', 'hello']);
    expect(done.stdout).toContain('first, room://two, room://three (3 hosts)');
    const [, fleet = ''] = /(f\d{8}t\d{6}-[0-9a-f]{6})/.exec(done.stdout) ?? [];
    const without = await run(['rollback', fleet, '--yes']);
    expect(without.exit).not.toBe(0);
    expect(without.stderr).toMatch(/used the library \S+\/rooms\.ts; its code would run with your rights/);
    expect(await run(['rollback', fleet, '--yes', '--allow-libraries'])).toMatchObject({ exit: 0 });
    expect(await Promise.all(['one', 'two', 'three'].map(posterOf))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(await run([...given, '--hosts', 'room://one,room://two', '--check'])).toMatchObject({ exit: 0 });
  });

  test('a target’s default may be of its scheme', async () => {
    const { run, folder, posterOf } = await withRooms();
    const text = await readFile(rooms, 'utf8');
    await writeFile(join(folder, 'one.yaml'), text.replace('many: true', 'default: "room://one"'));
    expect(await run(['one.yaml', '--library', library, '--yes'])).toMatchObject({ exit: 0 });
    expect(await posterOf('one')).toBe('hello');
  });

  test('a library that brings nothing but transports is one, and list tells them', async () => {
    const { run } = await makePlace();
    const human = await run(['list', '--library', example]);
    expect(human.stdout).toContain(
      'Transports\n  container://  A container of this machine, by `docker exec` or what takes the same words\n',
    );
    const json = await run(['list', '--library', example, '--output', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ transports: [{ scheme: 'container' }] });
    expect((await run(['list'])).stdout).not.toContain('Transports');
  });

  test('what it warns of is told once', async () => {
    const { run } = await withRooms();
    const { stderr, exit } = await run([...given, '--target', 'rooms=room://one?open', '--check']);
    expect({ stderr, exit }).toEqual({ stderr: 'warning: the room one has no door\n', exit: 0 });
  });

  test('what is wrong with it is told as the library’s fault', async () => {
    const { run, folder } = await withRooms();
    const own = async (name: string, text: string) => {
      await writeFile(join(folder, name), text, { mode: 0o644 });
      return join(folder, name);
    };
    const transport = (scheme: string, connect: string) =>
      `export const t = { type: 'transport', scheme: '${scheme}', summary: 'x', connect: ${connect} };\n`;
    const said = async (args: readonly string[]) => {
      const { exit, stderr } = await run([rooms, '--library', library, '--check', ...args]);
      return `${exit} ${stderr.replaceAll(folder, '').replaceAll(root, '')}`;
    };
    const target = (where: string) => ['--target', `rooms=${where}`];
    const taken = await own('taken.mjs', transport('ssh', '() => {}'));
    const twice = await own('twice.mjs', transport('room', '() => {}'));
    const odd = await own('odd.mjs', transport('No Scheme', '() => {}'));
    const fails = await own('fails.mjs', transport('fails', '() => { throw new Error("no cable"); }'));
    const gives = await own('gives.mjs', transport('gives', 'async () => ({ kind: "cluster" })'));
    expect([
      await said(['--library', taken, ...target('room://one')]),
      await said(['--library', twice, ...target('room://one')]),
      await said(['--library', odd, ...target('room://one')]),
      await said(['--library', fails, ...target('fails://one')]),
      await said(['--library', gives, ...target('gives://one')]),
      await said(target('serial://rack4/7')),
      await said(target('room://me:s3cret@one')),
      await said(target('serial://me:s3cret@one')),
    ]).toMatchInlineSnapshot(`
      [
        "2 claw-run: ssh:// is brought by claw-run itself and by /taken.mjs
        give the one of /taken.mjs another scheme
      ",
        "2 claw-run: room:// is brought by /test/cli/fixtures/rooms.ts and by /twice.mjs
        give the one of /twice.mjs another scheme
      ",
        "2 claw-run: /odd.mjs has a transport whose scheme is "No Scheme"
        a scheme is lower-case letters, digits, +, - and ., without ://
      ",
        "2 claw-run: the transport fails:// cannot connect fails://one: no cable
      ",
        "2 claw-run: the transport gives:// cannot connect gives://one: it gave no connection to a host
      ",
        "2 claw-run: there is no transport for serial://, which serial://rack4/7 needs
        there are local, USER@HOST, ssh://USER@HOST:PORT, openssh://HOST, pod://NAMESPACE/POD/CONTAINER or room://…; a library brings others: --library FILE
      ",
        "2 claw-run: an address of room:// has a password in it
        addresses are printed and kept in journals: leave it out, and have the transport ask for it
      ",
        "2 claw-run: there is no transport for serial://, which serial://…@one needs
        there are local, USER@HOST, ssh://USER@HOST:PORT, openssh://HOST, pod://NAMESPACE/POD/CONTAINER or room://…; a library brings others: --library FILE
      ",
      ]
    `);
  });

  test('secrets reach the host, though the library has a copy of what makes them', async () => {
    const { run, folder } = await makePlace();
    const yaml = [
      'runbook: token',
      'version: 1',
      'title: A token is missing',
      'params: { token: { type: secret, from: ["env:TOKEN"] } }',
      'targets: { head: { kind: host, default: "container://head-01" } }',
      'steps:',
      '  - id: token',
      '    uses: linux.file',
      `    with: { path: ${folder}/token, content: "token=\${{ params.token }}\\n", mode: "0600" }`,
    ];
    await writeFile(join(folder, 'token.yaml'), yaml.join('\n'));
    const env = { PATH: await engineIn(folder), TOKEN: 'correct-horse-battery' };
    const { exit, stdout, stderr } = await run(['token.yaml', '--library', example, '--yes'], { env });
    expect({ exit, stderr }).toMatchObject({ exit: 0 });
    expect(await readFile(join(folder, 'token'), 'utf8')).toBe('token=correct-horse-battery\n');
    expect(`${stdout}${stderr}`).not.toContain('horse');
  });

  test('the example reaches containers, and says when it cannot', async () => {
    const { run, folder } = await makePlace();
    const PATH = await engineIn(folder);
    const check = (where: string) =>
      run(
        [
          join(fixtures, 'note.yaml'),
          '-e',
          `path=${folder}/note`,
          '--library',
          example,
          '--target',
          `head=${where}`,
          '--yes',
        ],
        { env: { PATH } },
      );
    expect(await check('container://head-01')).toMatchObject({ exit: 0 });
    expect(existsSync(join(folder, 'note'))).toBe(true);
    const gone = await check('container://head-02');
    expect(gone.exit).not.toBe(0);
    expect(`${gone.stdout}${gone.stderr}`).toContain(
      'the container head-02 cannot be reached: Error response from daemon: No such container: head-02',
    );
    const missing = await check('container://head-01?engine=podmen');
    expect(`${missing.stdout}${missing.stderr}`).toContain('install podmen, or name another: ?engine=podman');
  });
});

describe('from a program', () => {
  test('transports are an option: plan, run, resume, roll back', async () => {
    const folder = await folderOf('rooms');
    await mkdir(join(folder, 'one'));
    const options = {
      transports: [room],
      library: [poster],
      targets: { rooms: 'room://one' },
      stateDir: join(folder, 'state'),
      keyFile: join(folder, 'key'),
      env: { ...process.env, CLAW_ROOMS: folder },
      yes: true,
    };
    expect(await planRunbook(rooms, options)).toMatchObject({ status: 'ok', counts: { changed: 0 } });
    const { run, status } = await runRunbook(rooms, options);
    expect(status).toBe('ok');
    expect(await readFile(join(folder, 'one/poster'), 'utf8')).toBe('hello');
    expect(await resumePastRun(run, options)).toMatchObject({ status: 'ok' });
    const { transports, targets, ...without } = options;
    await expect(undoPastRun(run, without)).rejects.toMatchObject({ code: 'target-unbound' });
    expect(await undoPastRun(run, { ...without, transports })).toMatchObject({ status: 'ok' });
    expect(existsSync(join(folder, 'one/poster'))).toBe(false);
  });

  test('two of one scheme are refused, by both their names', async () => {
    const other = defineTransport({ scheme: 'room', summary: 'Rooms of a hotel', connect: room.connect });
    await expect(planRunbook(rooms, { transports: [room, other], library: [poster] })).rejects.toMatchObject({
      code: 'usage',
      message:
        'room:// is brought by the transport "A folder that is the home of a shell" and by the transport "Rooms of a hotel"',
    });
  });

  test('it is given what hosts are given, and asks where they ask', async () => {
    const folder = await folderOf('shells');
    const shells = await startShells(join(folder, 'socket'), { word: 'open sesame' });
    cleanups.push(shells.close);
    const warnings: string[] = [];
    const { status } = await planRunbook(rooms, {
      transports: [socketTransport],
      library: [poster],
      targets: { rooms: `unix://ali@host${folder}/socket?open` },
      ssh: { password: new Secret('open sesame') },
      stateDir: join(folder, 'state'),
      onEvent: (event) => {
        if (event.type === 'warning') warnings.push(event.message);
      },
    });
    expect(status).toBe('ok');
    expect(warnings).toEqual([`anybody can talk to ${folder}/socket`]);
  });
});
