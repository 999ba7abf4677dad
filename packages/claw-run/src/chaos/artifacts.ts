import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLine } from '../cli/follow-up.ts';
import { describeTrial } from './fault.ts';
import type { Verdict } from './trial.ts';

/** Keeps what was printed in a trial that did not hold, and a script that makes the trial again; gives the path of the script. */
export async function keepArtifacts(
  { trial, problems, differences, commands }: Verdict,
  { from, to, again, cwd }: { from: string; to: string; again: readonly string[]; cwd: string },
): Promise<string> {
  const folder = join(to, trial.id.replaceAll(/[/+@]/g, '_'));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(from))
    if (name.endsWith('.txt')) await copyFile(join(from, name), join(folder, name));
  const told = [
    describeTrial(trial),
    ...problems,
    ...differences.map((each) => `  ${each}`),
    ...commands.map(({ args, exit, signal, seconds }) => {
      const end = signal ?? `exit ${exit}`;
      return `  ${end} after ${seconds.toFixed(1)} s: ${commandLine(['claw-run', ...args])}`;
    }),
  ];
  const script = join(folder, 'again.sh');
  const comments = told.flatMap((each) => each.split('\n')).map((line) => `# ${line}\n`);
  const call = commandLine([...again, '--trial', trial.id]);
  await writeFile(script, `#!/bin/sh\n${comments.join('')}cd ${commandLine([cwd])} && exec ${call}\n`, {
    mode: 0o700,
  });
  return script;
}
