// What `npm run demo` shows: a practice cluster whose workers are denied, and the runbook that mends them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, 'node_modules', 'node', 'bin', 'node');
const bin = join(root, 'packages', 'claw-run', 'bin', 'claw-run.cjs');
const attended = process.stdin.isTTY === true && process.stderr.isTTY === true;
const words = [
  '--sandbox',
  'rbac',
  'runbooks/worker-denied.yaml',
  ...(attended ? [] : ['--yes']),
  ...process.argv.slice(2),
];

console.error(
  'A practice cluster starts on this machine. Its workers run under an account without rights, so it denies them;\n' +
    'claw-run finds that out, shows what it would change, and mends it. Nothing outside the practice cluster is touched.\n' +
    `\n  $ claw-run ${words.join(' ')}\n`,
);
const state = mkdtempSync(join(tmpdir(), 'claw-run-demo-'));
process.on('SIGINT', () => {});
const { status } = spawnSync(node, [bin, ...words], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, CLAW_STATE_DIR: state },
});
rmSync(state, { recursive: true, force: true });
console.error('\nTry others: npx claw-run --sandbox identity,token-expired runbooks/worker-denied.yaml');
process.exitCode = status ?? 1;
