import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { unit } from '../src/facts/unit.ts';
import { readHere } from './read-here.ts';

const properties = String.raw`Id=ssh.service\nLoadState=loaded\nActiveState=active\nExecMainStartTimestamp=Sun 2026-11-29 17:32:56 UTC\nExecReload={ path=/bin/kill ; start_time=[Sun 2026-11-29 17:42:12 UTC] ; status=0 }`;
const refuses = `case "$*" in *--timestamp*) echo "systemctl: unrecognized option '--timestamp=us+utc'" >&2; exit 1;; esac`;
const reloads = (status: number) =>
  `a(sasbttttuii) 2 "/usr/sbin/sshd" 2 "/usr/sbin/sshd" "-t" false 0 0 0 0 0 0 0 "/bin/kill" 3 "/bin/kill" "-HUP" "$MAINPID" false 1795974132571710 7353331608 1795974132576526 7353336424 76 1 ${status}`;
const bus = (status: number) => `[ "$3" = /org/freedesktop/systemd1/unit/ssh_2eservice ] || exit 1
echo 't 1795973576392260'; echo '${reloads(status)}'`;

test.each([
  ['239 with a bus', refuses, bus(0), 1795973576392.26, 1795974132571.71],
  ['239, a reload that failed', refuses, bus(1), 1795973576392.26, 1795973576392.26],
  ['239 without a bus', refuses, 'exit 1', 1795973576000, 1795974132000],
  ['247, seconds alone', ':', bus(0), 1795973576392.26, 1795974132571.71],
])('a unit of systemd %s has its times', (_, option, busctl, startedAt, freshAt) => {
  const env = programs({
    systemctl: `${option}\n[ "$1" = show ] && [ -n "$TZ" ] || case "$*" in *--timestamp*) ;; *) exit 9;; esac\nprintf '${properties}\\n'`,
    busctl,
  });
  expect(readHere(unit('ssh.service'), env)).toMatchObject({ active: 'active', startedAt, freshAt });
});

test('why a unit cannot be read is said by the systemctl that was asked last', () => {
  const env = programs({ systemctl: 'echo "System has not been booted with systemd" >&2; exit 1' });
  expect(() => readHere(unit('ssh.service'), env)).toThrow('System has not been booted with systemd');
});

/** An environment where these programs are found first. */
function programs(all: { readonly [name: string]: string }): NodeJS.ProcessEnv {
  const folder = mkdtempSync(join(tmpdir(), 'old-systemd-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(all))
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const { TZ: _, ...env } = process.env;
  return { ...env, PATH: `${folder}${delimiter}${process.env.PATH}` };
}
