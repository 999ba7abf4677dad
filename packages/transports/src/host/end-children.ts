import type { Secret } from '@claw-run/core';
import { endingAllOf, endingChildrenOf } from './prelude.ts';
import { printing, quote } from './quote.ts';
import type { Shell } from './shell.ts';

/** Ends what runs in a shell of the host, or `all` of it with the shell, from a shell beside it. Never throws: who asks for it looks whether it helped. */
export async function endChildren(
  shell: Shell,
  options: { pid: number; all: boolean; sudo: boolean; password: Secret | undefined; seconds: number },
): Promise<void> {
  const { pid, all, sudo, password, seconds } = options;
  if (pid === 0) return;
  const channel = await shell.open({ signal: AbortSignal.timeout(seconds * 1000) }).catch(() => undefined);
  if (channel === undefined) return;
  const ending = all ? `${endingAllOf(pid)}kill -9 ${pid}\n` : endingChildrenOf(pid);
  const ticket =
    password === undefined ? '' : `{ ${printing(`${password.reveal()}\n`)}; } | sudo -S -p '' -v\n`;
  channel.stdin.on('error', () => undefined);
  channel.stdout.resume();
  channel.stderr.resume();
  channel.stdin.end(sudo ? `${ticket}printf '%s\\n' ${quote(ending)} | sudo -n sh\n` : ending);
  const timer = setTimeout(() => channel.kill(), seconds * 1000);
  await channel.closed;
  clearTimeout(timer);
}
