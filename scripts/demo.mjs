// What `npm run demo` and `npm run demo:scheduler` show: a practice world that is broken, and the runbook that mends it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, 'node_modules', 'node', 'bin', 'node');
const bin = join(root, 'packages', 'claw-run', 'bin', 'claw-run.cjs');
const attended = process.stdin.isTTY === true && process.stderr.isTTY === true;
const [world = 'workers', ...more] = process.argv.slice(2);
const demos = {
  workers: {
    words: ['--sandbox', 'rbac', 'runbooks/worker-denied.yaml'],
    about:
      'A practice cluster starts on this machine. Its workers run under an account without rights, so it denies them;\n' +
      'claw-run finds that out, shows what it would change, and mends it. Nothing outside the practice cluster is touched.\n',
    others: 'npx claw-run --sandbox identity,token-expired runbooks/worker-denied.yaml',
  },
  scheduler: {
    words: ['--sandbox', 'group,token-expired,config', 'runbooks/scheduler-denied.yaml'],
    about:
      'A practice head node starts in a folder of this machine, without root. Its scheduler denies alice: she is not in the group, her token has\n' +
      'expired, and the configuration lets too few in. claw-run finds all three, shows what it would change, and mends them.\n',
    others: 'npx claw-run --sandbox group-cached,proxy runbooks/scheduler-denied.yaml',
  },
};
const demo = demos[world];
if (demo === undefined) throw new Error(`there are the demos ${Object.keys(demos).join(', ')}`);
const words = [...demo.words, ...(attended ? [] : ['--yes']), ...more];

console.error(`${demo.about}\n  $ claw-run ${words.join(' ')}\n`);
const state = mkdtempSync(join(tmpdir(), 'claw-run-demo-'));
process.on('SIGINT', () => {});
const { status } = spawnSync(node, [bin, ...words], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, CLAW_STATE_DIR: state },
});
rmSync(state, { recursive: true, force: true });
console.error(`\nTry others: ${demo.others}`);
process.exitCode = status ?? 1;
