import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A moment that a victim tells: before or after it keeps a record. */
export interface Moment {
  readonly record: number;
  readonly type: string;
  readonly side: 'before' | 'after';
}

export interface Victim {
  readonly kubeconfig: string;
  /** Where journals are kept. */
  readonly folder: string;
  readonly run: string;
}

/** Runs a victim in a process of its own, and kills it (SIGKILL) at the first moment that is chosen. Gives the moments until then. */
export async function killAt(
  victim: Victim,
  chosen: (moment: Moment) => boolean,
): Promise<readonly Moment[]> {
  const moments: Moment[] = [];
  const args = [victim.kubeconfig, victim.folder, victim.run];
  const child = fork(join(import.meta.dirname, 'victim.ts'), args, {
    execArgv: [],
    // so that the many victims do not each compile the same modules
    env: { ...process.env, NODE_COMPILE_CACHE: join(victim.folder, 'compiled') },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.on('message', (moment: Moment) => {
    moments.push(moment);
    if (chosen(moment)) child.kill('SIGKILL');
    else child.send('on');
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the victim died by itself: ${said}`);
  return moments;
}
