import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { upHost, whyNoLab } from '../../lab/support/lab.ts';
import { interleaved } from '../measure.ts';
import { peakMemory } from './peak-memory.ts';
import { arrange, playbook, runbook, script } from './ten-things.ts';
import { countTurns } from './turn-counter.ts';

const root = join(import.meta.dirname, '../../..');
const bin = join(root, 'packages/claw-run/bin/claw-run.cjs');
const node = process.execPath;
const many = 50;
const forks = 10;

/** Converged runs over SSH on a real host, against what SSH itself costs and against ansible-core, in the same run. */
export async function benchHosts(): Promise<void> {
  const why = whyNoLab();
  if (why !== undefined) {
    console.log(`SKIPPED: hosts over SSH: ${why}`);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-bench-'));
  const file = (name: string) => join(folder, name);
  const host = await upHost('bench');
  try {
    await host.sh('bash -s', { input: arrange });
    const turns = await countTurns(host.port);
    const known = await readFile(host.known_hosts, 'utf8');
    await writeFile(file('known_hosts'), known.replaceAll(`:${host.port}`, `:${turns.port}`));
    const config = (port: number, hosts: string) => `Host h*
  HostName 127.0.0.1
  Port ${port}
  User root
  IdentityFile ${host.key}
  IdentitiesOnly yes
  UserKnownHostsFile ${hosts}
`;
    await writeFile(file('ssh_config'), config(host.port, host.known_hosts));
    await writeFile(file('counted'), config(turns.port, file('known_hosts')));
    await writeFile(file('ten.yaml'), runbook());
    await writeFile(file('further.yaml'), runbook(100));
    await writeFile(file('script.sh'), script);
    await writeFile(file('playbook.yaml'), playbook);
    const names = Array.from({ length: many }, (_, index) => `h${index + 10}`);
    await writeFile(file('inventory'), `${names.join('\n')}\n`);

    const env = { CLAW_STATE_DIR: file('state') };
    const claw = (book: string, hosts: string, ssh = 'ssh_config') => [
      ...[node, bin, file(book), '--ssh-config', file(ssh), '--hosts', hosts],
      ...['--forks', String(forks)],
    ];
    const coldSsh = ['sh', '-c', `ssh -F ${file('ssh_config')} h10 sh -s < ${file('script.sh')}`];

    const counted = async (name: string, argv: readonly string[]) => {
      await ran(argv, env);
      console.log(`${name.padEnd(30)} ${turns.take().join(', ')} turns on the wire`);
    };
    await counted('ssh, one script', [
      'sh',
      '-c',
      `ssh -F ${file('counted')} h10 sh -s < ${file('script.sh')}`,
    ]);
    await counted('claw-run, 10 steps', claw('ten.yaml', 'h10', 'counted'));
    await counted('claw-run, 110 steps', claw('further.yaml', 'h10', 'counted'));
    await turns.close();

    const one = interleaved(
      [
        { name: 'ssh, one script', argv: coldSsh },
        { name: 'claw-run, 10 steps', argv: claw('ten.yaml', 'h10'), env },
        { name: 'claw-run, 110 steps', argv: claw('further.yaml', 'h10'), env },
        ...ansible(folder),
      ],
      7,
    );
    tell(one, 'ssh, one script');
    const further = ((one.get('claw-run, 110 steps') ?? 0) - (one.get('claw-run, 10 steps') ?? 0)) / 100;
    console.log(`${'a further step'.padEnd(30)} ${further.toFixed(2)} ms`);

    const bare = [
      'sh',
      '-c',
      `${node} ${join(import.meta.dirname, 'bare-ssh2.ts')} ${host.port} ${host.key} ${many} ${forks} < ${file('script.sh')}`,
    ];
    const fleet = claw('ten.yaml', file('inventory'));
    tell(
      interleaved(
        [
          { name: `ssh2 alone, ${many} hosts`, argv: bare },
          { name: `claw-run, ${many} hosts`, argv: fleet, env },
        ],
        5,
      ),
      `ssh2 alone, ${many} hosts`,
    );
    const { mebibytes, cpuSeconds } = await peakMemory(fleet, env);
    console.log(
      `${`claw-run, ${many} hosts`.padEnd(30)} ${mebibytes.toFixed(0)} MiB at most, ${((cpuSeconds * 1000) / many).toFixed(1)} ms of CPU a host`,
    );
  } finally {
    await host.down();
    await rm(folder, { recursive: true, force: true });
  }
}

function ansible(folder: string) {
  const program = '/usr/bin/ansible-playbook';
  if (!existsSync(program)) {
    console.log('SKIPPED: ansible-core: it is not installed');
    return [];
  }
  const argv = [program, '-i', 'h10,', join(folder, 'playbook.yaml')];
  const env = {
    ANSIBLE_PIPELINING: '1',
    ANSIBLE_HOME: join(folder, 'ansible'),
    ANSIBLE_LOCAL_TEMP: join(folder, 'ansible'),
    ANSIBLE_SSH_ARGS: `-F ${join(folder, 'ssh_config')} -o ControlMaster=auto -o ControlPersist=5 -o ControlPath=${join(folder, 'cm-%C')}`,
    ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
  };
  return [{ name: 'ansible-core, pipelining', argv, env }];
}

function tell(times: ReadonlyMap<string, number>, floor: string): void {
  const least = times.get(floor) ?? Number.NaN;
  for (const [name, ms] of times)
    console.log(`${name.padEnd(30)} ${ms.toFixed(0).padStart(6)} ms  ${(ms / least).toFixed(2)} × ${floor}`);
}

/** Runs a command without blocking, so that what it talks to in this process can answer. */
function ran(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${argv.join(' ')} exited ${code}`)),
    );
  });
}
