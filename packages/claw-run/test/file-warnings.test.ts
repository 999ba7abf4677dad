import { chmod, chown, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileWarnings } from '../src/run/file-warnings.ts';

let folder = '';
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'claw-run-files-')));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, mode: number): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, 'x');
  await chmod(path, mode);
  return path;
}

test("a file of one's own, and one that is not there, say nothing", async () => {
  expect(
    fileWarnings([await file('own', 0o644), join(folder, 'missing')], [await file('secret', 0o600)]),
  ).toEqual([]);
});

test('a file that everybody can write is told, by whatever way it is named', async () => {
  const open = await file('open', 0o666);
  const link = join(folder, 'link');
  await symlink(open, link);
  const why = `everybody can write ${open}: who does so decides what this run does by`;
  expect(fileWarnings([open, open, link])).toEqual([`${why} ${open}`, `${why} ${link}`]);
});

test('so is a folder above it that everybody can write, but not one like /tmp', async () => {
  const above = join(folder, 'above');
  await mkdir(join(above, 'below'), { recursive: true });
  const path = await file('above/below/file', 0o600);
  await chmod(above, 0o777);
  expect(fileWarnings([path])).toEqual([
    `everybody can write ${above}: who does so decides what this run does by ${path}`,
  ]);
  await chmod(above, 0o1777);
  expect(fileWarnings([path])).toEqual([]);
});

test('a secret that others can read is told', async () => {
  const secret = await file('readable', 0o644);
  expect(fileWarnings([], [secret])).toEqual([
    `others can read the secret in ${secret}; run chmod 600 ${secret}`,
  ]);
});

test.skipIf(process.getuid?.() !== 0)(
  'a file of somebody else, and a group that can write it, are told',
  async () => {
    const theirs = await file('theirs', 0o644);
    await chown(theirs, 12_345, 0);
    const group = await file('group', 0o664);
    await chown(group, 0, 12_345);
    expect(fileWarnings([theirs, group])).toEqual([
      `${theirs} belongs to the user 12345, who can write it: who does so decides what this run does by ${theirs}`,
      `the group 12345 can write ${group}: who does so decides what this run does by ${group}`,
    ]);
    const self = { uid: 0, gid: 0, caller: 12_345 };
    expect(fileWarnings([theirs], [], self)).toEqual([]);
  },
);
