import { randomBytes } from 'node:crypto';
import { preludeOf } from './prelude.ts';
import { type Open, outputLimit } from './request.ts';
import type { Shell } from './shell.ts';
import { type Outcome, Wire } from './wire.ts';

export interface StartOptions {
  readonly name: string;
  readonly shell: Shell;
  /** Shell text that sets the environment of commands. */
  readonly prelude: string;
  /** How long the shell may take to say its first word. */
  readonly startSeconds: number;
}

/** Starts a shell. What it has to know is sent by `greet`, and its answer is not waited for: what is asked first goes out with it. */
export async function startShell(
  { shell, prelude, startSeconds }: StartOptions,
  id: string,
  signal: AbortSignal,
): Promise<Open> {
  const channel = await shell.open({ signal });
  const wire = new Wire(channel, randomBytes(16).toString('hex'), outputLimit);
  const { promise: greeted, resolve } = Promise.withResolvers<boolean>();
  const onExcess = () => {
    open.abandoned = true;
    wire.kill();
  };
  const settle = (outcome: Outcome) => {
    if (outcome.came === 'back') introduce(open, outcome.result.note);
    resolve(outcome.came === 'back');
  };
  let told = false;
  const open: Open = {
    wire,
    greet() {
      if (told) return;
      told = true;
      const hello = `${preludeOf(wire.nonce, prelude)}e ${id} 0 "$$ $U \${LOGNAME:-$USER}"\n`;
      wire.send(hello, [{ id, seconds: startSeconds, onExcess, settle }]);
    },
    greeted,
    pid: 0,
    uid: '',
    user: '',
    way: 'shell',
    authenticated: false,
    abandoned: false,
  };
  return open;
}

function introduce(open: Open, note: string): void {
  const [pid, uid = '', user] = note.split(' ');
  open.pid = Number(pid);
  open.uid = uid;
  open.user = user || `user ${uid}`;
}
