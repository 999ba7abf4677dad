import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixtures, launcher, makePlace, normal, root, startProcess } from './support/claw-run.ts';
import { useCluster } from './support/cluster.ts';

const cluster = useCluster();
const greeting = join(fixtures, 'greeting.yaml');
const notes = join(fixtures, 'notes.yaml');

/** A place where a line can be pasted into a shell that knows `claw-run`. */
async function withShell(more: NodeJS.ProcessEnv = {}) {
  const place = await makePlace(more);
  const bin = join(place.folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'claw-run'), `#!/bin/sh\nexec '${process.execPath}' '${launcher}' "$@"\n`);
  await chmod(join(bin, 'claw-run'), 0o755);
  const env = { ...place.env, PATH: `${bin}:${place.env.PATH}` };
  const paste = (line: string) => startProcess(['sh', '-c', line], { cwd: place.folder, env }).ended;
  return { ...place, paste };
}

/** What a call says behind `next:`, `undo:` and their like. */
function told(what: string, stdout: string): string {
  return new RegExp(`^  ${what}: (.*)$`, 'm').exec(stdout)?.[1] ?? `nothing is said behind ${what}:`;
}

describe('what is said to do next works when it is pasted', () => {
  test('hosts, limit, parameters, folders and libraries are in it, quoted; so they are in what undoes it', async () => {
    const { run, paste, folder } = await withShell();
    const path = join(folder, "it's a note");
    await writeFile(join(folder, 'my hosts'), 'local name=a web\nlocal name=b db\n');
    const { stdout } = await run([
      ...['plan', notes, '-e', `path=${path}`, '--hosts', 'my hosts', '--limit', 'web,!b', '-f', '1'],
      ...['--state-dir', './my state', '--library', join(root, 'examples/02-own-step.ts'), '-v'],
    ]);
    const next = told('next', stdout);
    expect(normal(next).replaceAll(folder, 'FOLDER')).toMatchInlineSnapshot(
      `"claw-run ROOT/test/cli/fixtures/notes.yaml -e 'path=FOLDER/it'\\''s a note' --library ROOT/examples/02-own-step.ts --hosts 'my hosts' -l 'web,!b' -f 1 --state-dir './my state'"`,
    );
    const mended = await paste(`${next} --yes`);
    expect(mended).toMatchObject({ exit: 0, stdout: expect.stringContaining('on 1 host in') });
    expect(await readFile(path, 'utf8')).toBe('note\n');
    const undo = told('roll back', mended.stdout);
    expect(normal(undo).replace(/f\d{8}t\d{6}-[0-9a-f]{6}/, 'FLEET')).toMatchInlineSnapshot(
      `"claw-run rollback FLEET --library ROOT/examples/02-own-step.ts -f 1 --state-dir './my state'"`,
    );
    expect(await paste(`${undo} --yes`)).toMatchObject({ exit: 0 });
    expect(existsSync(path)).toBe(false);
  });

  test('ways to hosts are in it, but of secrets only where they come from', async () => {
    const { run, paste, folder } = await withShell({ WORD: 'horse-battery' });
    const { stdout } = await run([
      ...[
        '--check',
        join(fixtures, 'note.yaml'),
        '-e',
        `path=${join(folder, 'note')}`,
        '--target',
        'head=local',
      ],
      ...['--sudo-password-from', 'env:WORD', '--ssh-config', 'a b', '-i', 'one', '-i', 'two'],
      ...['--known-hosts', '~/x', '--only', 'note'],
    ]);
    const next = told('next', stdout);
    expect(normal(next)).toMatchInlineSnapshot(
      `"claw-run ROOT/test/cli/fixtures/note.yaml -e path=FOLDER/note --target head=local --ssh-config 'a b' --known-hosts '~/x' -i one -i two --sudo-password-from env:WORD --only note"`,
    );
    expect(await paste(`${next} --yes`)).toMatchObject({ exit: 0 });
  });

  test('a secret on the command line is refused, and so is one that stands where its source should be', async () => {
    const { run } = await withShell({ KUBECONFIG: cluster.kubeconfig });
    const secret = 'correct-horse-battery';
    const given = await run(['--check', greeting, '-e', 'namespace=told', '-e', `password=${secret}`]);
    expect(given).toMatchObject({ exit: 2, stdout: '' });
    expect(given.stderr).toMatchInlineSnapshot(`
      "claw-run: the parameter password is a secret: -e would show it to every user of this machine
        give it with the variable GREETING_PASSWORD or --params FILE, and change it if it was a real one
      "
    `);
    const mistaken = await run(['--check', greeting, '--ssh-password-from', secret]);
    expect(mistaken).toMatchObject({ exit: 2, stderr: expect.not.stringContaining(secret) });
  });

  test('a saved plan is applied with what is not in it', async () => {
    const { run, paste, folder } = await withShell();
    await writeFile(join(folder, 'params.yaml'), 'namespace: applied\npassword: correct-horse-battery\n');
    const { stdout } = await run([
      ...['plan', greeting, '--params', 'params.yaml', '--kubeconfig', cluster.kubeconfig],
      ...['-o', 'the plan.json', '--state-dir', 'elsewhere'],
    ]);
    const next = told('next', stdout);
    expect(normal(next)).toMatchInlineSnapshot(
      `"claw-run apply 'the plan.json' --kubeconfig FOLDER/kubeconfig --state-dir elsewhere"`,
    );
    const applied = await paste(`${next} --yes`);
    expect(applied).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/roll back: .* --state-dir elsewhere/),
    });
    expect(await paste(`${told('roll back', applied.stdout)} --yes`)).toMatchObject({ exit: 0 });
  });

  test('the log that named the runbook is in it; what came on standard input is asked for again', async () => {
    const { run, folder } = await withShell({
      KUBECONFIG: cluster.kubeconfig,
      GREETING_PASSWORD: 'correct-horse-battery',
    });
    const log = 'greet-missing: nobody greets in town\n';
    await writeFile(join(folder, 'the.log'), log);
    const look = ['--runbooks', fixtures, '-e', 'namespace=log'];
    const byFile = await run(['diagnose', 'the.log', ...look]);
    expect(normal(told('next', byFile.stdout))).toMatchInlineSnapshot(
      `"claw-run ROOT/test/cli/fixtures/greeting.yaml -e namespace=log --log the.log"`,
    );
    const piped = await run(['diagnose', '-', ...look], { input: log });
    expect(normal(piped.stdout).split('\n').slice(-3)).toMatchInlineSnapshot(`
      [
        "  next: claw-run ROOT/test/cli/fixtures/greeting.yaml -e namespace=log --log -",
        "        with what was on standard input again: --log -",
        "",
      ]
    `);
  });

  test('nothing of the environment is repeated: it is still there', async () => {
    const { run, paste, folder } = await withShell({ CLAW_STATE_DIR: 'kept', CLAW_FORKS: '3' });
    const { stdout } = await run([
      '--check',
      join(fixtures, 'note.yaml'),
      '-e',
      `path=${join(folder, 'note')}`,
    ]);
    expect(normal(told('next', stdout))).toMatchInlineSnapshot(
      `"claw-run ROOT/test/cli/fixtures/note.yaml -e path=FOLDER/note"`,
    );
    expect(await paste(`${told('next', stdout)} --yes`)).toMatchObject({ exit: 0 });
  });
});
