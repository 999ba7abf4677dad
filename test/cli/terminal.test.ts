import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { fixtures, launcher, makePlace, normal } from './support/claw-run.ts';
import { useCluster } from './support/cluster.ts';

const cluster = useCluster();
const greeting = join(fixtures, 'greeting.yaml');
const password = 'correct-horse-battery';

const hasScript = (() => {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux');
  } catch {
    return false;
  }
})();
if (!hasScript) console.warn('SKIPPED: tests of the terminal need `script` of util-linux');

/** Runs claw-run on a terminal of its own; each answer is typed when its question shows, one without a question at once. */
async function onTerminal(
  args: readonly string[],
  answers: readonly (readonly [question: string, keys: string])[],
  more = {},
  redirection = '',
  where?: string,
) {
  const { folder, env } = await makePlace({ KUBECONFIG: cluster.kubeconfig, TERM: 'xterm', ...more });
  const command = ['exec', process.execPath, launcher, ...args]
    .map((word, index) => (index === 0 ? word : `'${word}'`))
    .join(' ');
  const child = spawn('script', ['-qefc', `${command} ${redirection}`, '/dev/null'], {
    cwd: where ?? folder,
    env,
    stdio: 'pipe',
  });
  let said = '';
  let at = 0;
  const left = [...answers];
  if (left[0]?.[0] === '') child.stdin.write(left.shift()?.[1] ?? '');
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    const [next] = left;
    const found = next === undefined ? -1 : stripVTControlCharacters(said).indexOf(next[0], at);
    if (next === undefined || found < 0) return;
    at = found + next[0].length;
    left.shift();
    setTimeout(() => child.stdin.write(next[1]), 100);
  });
  const exit = await new Promise((done) => child.on('close', done));
  return { exit, said: normal(stripVTControlCharacters(said)), raw: said, unasked: left };
}

describe.skipIf(!hasScript)('on a terminal', () => {
  test('the plan is shown and asked about; no is no', async () => {
    const { exit, said } = await onTerminal(
      [greeting, '-e', 'namespace=no'],
      [['Make 3 changes on sandbox?', 'n\r']],
      {
        GREETING_PASSWORD: password,
      },
    );
    expect(exit).toBe(8);
    expect(said).toContain('The user said no; nothing was touched');
    expect(await cluster.get('Namespace', 'no')).toBeNull();
  });

  test('a missing secret is asked for and not echoed', async () => {
    const { exit, said, raw, unasked } = await onTerminal(
      [greeting, '-e', 'namespace=asked'],
      [
        ['What opens the door', `${password}\r`],
        ['Make 3 changes on sandbox?', 'y\r'],
      ],
    );
    expect({ exit, unasked }).toEqual({ exit: 0, unasked: [] });
    expect(raw).not.toContain(password);
    expect(said).toContain('Fixed and verified');
  });

  test('Ctrl-C at a question touches nothing', async () => {
    const { exit } = await onTerminal(
      [greeting, '-e', 'namespace=broken'],
      [['Make 3 changes on sandbox?', '\u0003']],
      {
        GREETING_PASSWORD: password,
      },
    );
    expect(exit).toBe(8);
    expect(await cluster.get('Namespace', 'broken')).toBeNull();
  });

  test('Ctrl-C during a run stops it after the action in hand and offers to undo', async () => {
    const { exit, said, unasked } = await onTerminal(
      [join(fixtures, 'stuck.yaml'), '-e', 'namespace=halted'],
      [
        ['Make 2 changes on sandbox?', 'y\r'],
        ['create ConfigMap halted/note', '\u0003'],
        ['Roll back what was done so far on sandbox?', 'y\r'],
      ],
    );
    expect({ exit, unasked }).toEqual({ exit: 5, unasked: [] });
    expect(said).toContain('SIGINT: stopping after the action in hand');
    expect(await cluster.get('ConfigMap', 'note', 'halted')).toBeNull();
  });

  test('--step asks before each step, and one can be passed over', async () => {
    const { exit, said } = await onTerminal(
      [greeting, '-e', 'namespace=stepwise', '--step', '--yes'],
      [
        ['? Build the hall on sandbox', '\r'],
        ['? Say the words on sandbox', '\r'],
        ['? Keep the door on sandbox', '\u001b[B\r'],
      ],
      { GREETING_PASSWORD: password },
    );
    expect(exit, 'what was skipped is left to the user').toBe(13);
    expect(said).toContain('Keep the door: skipped by the user');
    expect(said).toContain('2 changed, 1 skipped');
    expect(await cluster.get('Secret', 'door', 'stepwise')).toBeNull();
  });

  test('what was typed before a question answers nothing', async () => {
    const { exit, said, unasked } = await onTerminal(
      [greeting, '-e', 'namespace=ahead'],
      [
        ['', 'y\ry\r'],
        ['Make 3 changes on sandbox?', 'n\r'],
      ],
      { GREETING_PASSWORD: password },
    );
    expect({ exit, unasked }).toEqual({ exit: 8, unasked: [] });
    expect(said).toContain('The user said no; nothing was touched');
    expect(await cluster.get('Namespace', 'ahead')).toBeNull();
  });

  test('Ctrl-D is no', async () => {
    const { exit } = await onTerminal(
      [greeting, '-e', 'namespace=eof'],
      [['Make 3 changes on sandbox?', '\u0004']],
      { GREETING_PASSWORD: password },
    );
    expect(exit).toBe(8);
    expect(await cluster.get('Namespace', 'eof')).toBeNull();
  });

  test('a plan that goes elsewhere is shown on the terminal too, before it is asked about', async () => {
    const { exit, said, unasked } = await onTerminal(
      [greeting, '-e', 'namespace=elsewhere'],
      [['Make 3 changes on sandbox?', 'n\r']],
      { GREETING_PASSWORD: password },
      '>answers',
    );
    expect({ exit, unasked }).toEqual({ exit: 8, unasked: [] });
    expect(said.slice(0, said.indexOf('Make 3 changes'))).toContain('Plan: 3 changes');
    expect(said).toContain('+ Namespace elsewhere');
  });

  test('a rollback shows what it does and is agreed to once', async () => {
    const { folder, env, run } = await makePlace({
      KUBECONFIG: cluster.kubeconfig,
      GREETING_PASSWORD: password,
    });
    expect((await run([greeting, '-e', 'namespace=shown', '--yes'])).exit).toBe(0);
    const { runs } = JSON.parse((await run(['runs', '--output', 'json'])).stdout);
    const question = `Roll back 3 steps of run ${runs[0].run} on sandbox?`;
    const back = await onTerminal(['rollback'], [[question, 'n\r']], env, '', folder);
    expect({ exit: back.exit, unasked: back.unasked }).toEqual({ exit: 8, unasked: [] });
    const shown = back.said.slice(0, back.said.indexOf('Roll back 3 steps'));
    expect(shown).toContain('run RUN, begun TIME by WHO');
    expect(shown).toContain('- Namespace shown');
    expect(shown).toContain('- values.text: hello');
    expect(await cluster.get('Namespace', 'shown'), 'no is no').not.toBeNull();
    const again = await onTerminal(['rollback'], [[question, 'y\r']], env, '', folder);
    expect({ exit: again.exit, unasked: again.unasked }).toEqual({ exit: 0, unasked: [] });
    expect(await cluster.get('Namespace', 'shown')).toBeNull();
  });

  test('NO_COLOR and FORCE_COLOR are respected', async () => {
    const colored = await onTerminal(['list'], []);
    expect(colored.raw).toContain('\u001b[1mRunbooks');
    const plain = await onTerminal(['list'], [], { NO_COLOR: '1' });
    expect(plain.raw).not.toContain('\u001b[1m');
    const { run } = await makePlace({ FORCE_COLOR: '1' });
    expect((await run(['list'])).stdout).toContain('\u001b[1mRunbooks');
  });
});
