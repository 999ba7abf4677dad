import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { missingProgram } from '../src/missing-program.ts';

describe('a program that is not there is named', () => {
  test.each([
    ['clw: not found', ['clw', 'jobs'], 'clw'],
    ['sh: 1: clw: not found\n', ['sh', '-c', 'clw jobs'], 'clw'],
    ['sh: 12: exec: clw: not found\n', ['sh', '-c', 'exec clw'], 'clw'],
    ['sh: 1: /opt/clw/bin/clw: not found\n', ['sh', '-c', '/opt/clw/bin/clw'], '/opt/clw/bin/clw'],
    ['bash: line 1: clw: command not found\n', ['bash', '-c', 'clw'], 'clw'],
    ['-bash: line 1: exec: clw: not found\n', ['bash', '-lc', 'exec clw'], 'clw'],
    ['bash: line 3: /opt/clw: No such file or directory\n', ['bash', '-c', '/opt/clw'], '/opt/clw'],
    ['/usr/local/bin/check.sh: line 7: clw: command not found\n', ['/usr/local/bin/check.sh'], 'clw'],
    ['sh: clw: not found\n', ['busybox', 'sh', '-c', 'clw'], 'clw'],
    ['sh: exec: line 1: clw: not found\n', ['sh', '-c', 'exec clw'], 'clw'],
    ["env: 'clw': No such file or directory\n", ['env', 'A=b', 'clw'], 'clw'],
    ["timeout: failed to run command 'clw': No such file or directory\n", ['timeout', '9', 'clw'], 'clw'],
    ["setsid: can't execute 'clw': No such file or directory\n", ['setsid', 'clw'], 'clw'],
    ['setsid: failed to execute clw: No such file or directory\n', ['setsid', 'clw'], 'clw'],
    ['cat: /etc/none: No such file or directory\nsh: 1: jq: not found\n', ['sh', '-c', '…'], 'jq'],
  ] as const)('%j', (stderr, argv, program) => {
    expect(missingProgram(argv, { stderr })).toBe(program);
  });

  test.each([
    ['', ['sh', '-c', 'exit 127']],
    ['cat: /etc/none: No such file or directory\n', ['sh', '-c', 'cat /etc/none; exit 127']],
    ['the user is not found\n', ['lookup', 'alice']],
  ] as const)('but nothing is guessed: %j', (stderr, argv) => {
    expect(missingProgram(argv, { stderr })).toBeUndefined();
  });

  test.each(['sh', 'bash'])('as the %s of this machine says it', (shell) => {
    const argv = [shell, '-c', 'cd /; no-such-program --now | cat >/dev/null; no-such-program'] as const;
    const { stderr, status } = spawnSync(argv[0], argv.slice(1), {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
    expect(status).toBe(127);
    expect(missingProgram(argv, { stderr })).toBe('no-such-program');
  });
});
