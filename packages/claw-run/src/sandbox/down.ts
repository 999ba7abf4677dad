import { execFileSync } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { count } from '../render/style.ts';
import { noteFolder } from './up.ts';

/** `sandbox down`: ends the practice clusters of this user and waits until they have cleaned up. */
export async function down(context: Context): Promise<number> {
  const { io, options } = context;
  const folder = noteFolder(context);
  const notes = (await readdir(folder).catch(() => [])).filter((name) => /^\d+\.json$/.test(name));
  let ended = 0;
  for (const note of notes) {
    const path = join(folder, note);
    const { pid } = JSON.parse(await readFile(path, 'utf8')) as { pid: number };
    if (isPractice(pid)) {
      process.kill(pid, 'SIGTERM');
      await gone(pid);
      ended += 1;
    }
    await rm(path, { force: true });
  }
  if (options.quiet !== true)
    io.err(
      `${ended === 0 ? 'no practice cluster was running' : `ended ${count(ended, 'practice cluster')}`}\n`,
    );
  return 0;
}

/** A number may be another process's by now. */
function isPractice(pid: number): boolean {
  try {
    return / sandbox up( |$)/m.test(
      execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }),
    );
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<void> {
  for (let tries = 0; tries < 200 && isPractice(pid); tries += 1)
    await new Promise((next) => setTimeout(next, 50));
}
