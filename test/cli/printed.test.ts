import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventsOf, makePlace, type Place } from './support/claw-run.ts';

/** What a terminal or a CI system would act upon, or nobody would see. */
const hostile = [
  '\u001b]0;owned\u0007\u001b[2J\u001b[31m',
  '\u009b31m\u0085\r',
  '\u202e\u2066\u200f\u061c',
  '\u200b\ufeff\u2060\u00ad',
  '\u2028\u2029',
  '\u{e0041}\u{e0100}',
  '\n::error::claw-run has fixed it\n   ::set-env name=PATH::/tmp\n',
  '##[error]x ##vso[task.setvariable variable=a]b',
  'section_start:1:x[collapsed=true]\r\u001b[0K',
].join('mark ');
const hidden =
  /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060\ufeff\u00ad]|[\u{e0000}-\u{e01ef}]/u;
const commands = [/^\s*::[^\s:][^\n]*?::/m, /##\[/, /##vso\[/, /section_(start|end):/];

function expectPlain(text: string): void {
  expect(text).not.toMatch(hidden);
  for (const command of commands) expect(text).not.toMatch(command);
}

/** A runbook whose every text is hostile, and a host that answers with the same. */
async function hostilePlace(): Promise<Place & { readonly runbook: string; readonly file: string }> {
  const place = await makePlace();
  const file = join(place.folder, 'told');
  await writeFile(file, `before ${hostile}\n`);
  const runbook = join(place.folder, 'hostile.yaml');
  await writeFile(
    runbook,
    JSON.stringify({
      runbook: 'hostile',
      version: 1,
      title: `Title ${hostile}`,
      targets: { h: { kind: 'host', default: 'local' } },
      causes: {
        shown: {
          title: `Cause ${hostile}`,
          uses: 'linux.file-matches',
          on: 'h',
          with: { path: file, pattern: `no such ${'x'.repeat(3)}` },
        },
      },
      steps: [
        {
          id: 'write',
          name: `Write ${hostile}`,
          if: 'causes.shown.found',
          uses: 'linux.file',
          on: 'h',
          with: { path: file, content: `after\n${hostile}\n` },
        },
        {
          id: 'fail',
          name: 'Fail',
          uses: 'linux.command',
          on: 'h',
          with: { argv: ['sh', '-c', 'cat "$1" >&2; cat "$1"; exit 3', 'sh', file] },
        },
      ],
    }),
  );
  return { ...place, runbook, file };
}

test('nothing that a runbook or a host says speaks for us, in any output and any report', async () => {
  const { run, folder, runbook, file } = await hostilePlace();
  const reports = ['html', 'junit', 'markdown'].flatMap((kind) => ['--report', `${kind}:r.${kind}`]);
  const failed = await run([runbook, '--yes', '-vvv', '-D', ...reports]);
  expect(failed.stdout).toContain('mark');
  expect(failed.stdout).toContain(String.raw`\u202e`);
  const outputs = [failed.stdout, failed.stderr];
  for (const kind of ['html', 'junit', 'markdown'])
    outputs.push(await readFile(join(folder, `r.${kind}`), 'utf8'));
  for (const args of [
    [runbook, '--check'],
    ['validate', runbook],
    ['plan', runbook, '-o', 'plan'],
    ['runs'],
    ['rollback', '--yes'],
    [runbook, '--check', '--target', `h=${hostile}`],
    ['run', `${hostile}.yaml`],
    ['explain', hostile],
    [hostile],
  ]) {
    const { stdout, stderr } = await run(args);
    outputs.push(stdout, stderr);
  }
  expect(outputs.join('').length).toBeGreaterThan(5000);
  for (const output of outputs) expectPlain(output);
  expect(await readFile(file, 'utf8')).toBe(`before ${hostile}\n`);
});

test('in JSON the same is escaped, and read back it is what was said', async () => {
  const { run, runbook } = await hostilePlace();
  const { stdout, stderr } = await run([runbook, '--yes', '--output', 'json']);
  expectPlain(stdout);
  expectPlain(stderr);
  const started = eventsOf(stdout).find(({ type }) => type === 'run.started');
  expect(started?.title).toBe(`Title ${hostile}`);
});

test('colours are ours alone', async () => {
  const { run, runbook } = await hostilePlace();
  const { stdout } = await run([runbook, '--check'], { env: { FORCE_COLOR: '1' } });
  expect(stdout).toContain('\u001b[1m');
  const codes = new RegExp(`${String.fromCharCode(27)}\\[(1|2|22|3[1-6]|39)m`, 'g');
  const ours = stdout.replaceAll(codes, '');
  expectPlain(ours);
  expect(ours).toContain(String.raw`\u001b[31m`);
});
