import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The most memory that a process held at a time, and the processor time it took, its own threads included; of Linux. */
export function peakMemory(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly mebibytes: number; readonly cpuSeconds: number }> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
    let mebibytes = 0;
    let ticks = 0;
    // the high-water mark only ever rises: the last look before the end tells it
    const look = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        mebibytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024 || mebibytes;
        const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
        ticks = Number(fields[11]) + Number(fields[12]);
      } catch {
        // it has just ended
      }
    }, 5);
    child.on('error', reject);
    child.on('exit', (code) => {
      clearInterval(look);
      if (code === 0) resolve({ mebibytes, cpuSeconds: ticks / 100 });
      else reject(new Error(`${argv.join(' ')} exited ${code}`));
    });
  });
}
