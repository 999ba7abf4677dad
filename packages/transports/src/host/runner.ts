import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { ClawError, type Secret } from '@claw-run/core';
import { unlessAborted } from '../unless-aborted.ts';
import { batchOf } from './batch.ts';
import { endChildren } from './end-children.ts';
import { findProgram, type Program } from './find-program.ts';
import { cutAtMark } from './foreign.ts';
import { lostError } from './lost-error.ts';
import { quote, quoted } from './quote.ts';
import { excessError, type Item, type Open, type Request, type Settled } from './request.ts';
import { type StartOptions, startShell } from './start-shell.ts';
import { type Refusal, refusalOf, sudoError, type Way } from './sudo.ts';
import { confirmRefusal } from './sudo-confirm.ts';
import { sudoersLine } from './sudoers-line.ts';
import type { Result, Wire } from './wire.ts';

export interface RunnerOptions extends StartOptions {
  readonly sudoPassword?: Secret | undefined;
}

/** How long after it was ended a command may take to be gone, before its shell is given up. */
const graceMs = 3000;

/** Sends what is asked for in the same turn as one script; sees to sudo, time-outs and lost shells. */
export class Runner {
  readonly #options: RunnerOptions;
  #waiting: Item[] = [];
  #scheduled = false;
  #count = 0;
  #open: Promise<Open> | undefined;
  #begun: Promise<Open> | undefined;
  readonly #wires = new Set<Wire>();
  readonly #endings = new Set<Promise<void>>();

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Starts the shell before anything is asked of it. Where that fails, the first request is told. */
  begin(signal: AbortSignal): void {
    if (this.#open !== undefined) return;
    this.#begun = this.#start(signal);
    this.#open = this.#begun;
    this.#begun.catch(() => undefined);
  }

  /** Whether anything was to run as another user so far: only then is sudo asked for what else it is good for. */
  usesSudo = false;

  /** The result of a request, however its command exited. @throws ClawError where there is none */
  ask(request: Request): Promise<Result> {
    return unlessAborted(this.#ask(request), request.signal);
  }

  async #ask(request: Request): Promise<Result> {
    let way: Way | undefined;
    this.usesSudo ||= request.runAs !== undefined;
    for (;;) {
      request.signal.throwIfAborted();
      const settled = await this.#submit(request, way);
      if ('failed' in settled) throw settled.failed;
      const { outcome, item, open } = settled;
      if (item.excess !== undefined && outcome.came !== 'skipped') throw excessError(request, item.excess);
      if (outcome.came === 'ended') {
        const error = lostError(this.#options, request, { open, greeted: await open.greeted, outcome });
        if (error !== undefined) throw error;
      } else if (outcome.came === 'skipped') await this.#afterSkip(item, open);
      else {
        const { mark } = request;
        const result = mark === undefined ? outcome.result : cutAtMark(mark, outcome.result);
        if (result.overflow) throw excessError(request, 'output');
        const bySudo = request.runAs !== undefined && item.group === undefined;
        const refusal = bySudo ? await this.#confirmed(refusalOf(result), item, open) : undefined;
        if (refusal === undefined) return result;
        way = await this.#afterRefusal(item, open, refusal);
      }
    }
  }

  /** What the host is called. */
  get host(): string {
    return this.#options.name;
  }

  /** Who the shell runs as; it is started where it does not run yet. */
  async identity(
    signal: AbortSignal,
  ): Promise<{ readonly uid: string; readonly user: string; readonly pid: number }> {
    const open = await unlessAborted(this.#opened(signal), signal);
    await unlessAborted(open.greeted, signal);
    return { uid: open.uid, user: open.user, pid: open.pid };
  }

  /** Whether sudo can be given a password where it wants one. */
  get hasPassword(): boolean {
    return this.#options.sudoPassword !== undefined;
  }

  /** Has sudo take the password now, where one was given. @throws ClawError `forbidden` */
  async authenticate(signal: AbortSignal): Promise<void> {
    const { sudoPassword, name } = this.#options;
    if (sudoPassword === undefined) return;
    const open = await this.#opened(signal);
    const asked = await this.ask({
      what: 'sudo -v',
      script: (id) => `W=${quote(sudoPassword.reveal())}
A=/bin/cat; [ -x $A ] || A=$(command -v cat)
printf '%s\\n' "$W" | sudo -S -p '' -v; set -- $?
[ $1 = 0 ] || W=
e ${id} $1`,
      seconds: 30,
      signal,
    });
    if (asked.exit === 0) {
      open.authenticated = true;
      return;
    }
    const said = asked.stderr.toString('utf8').trim().split('\n').at(-1) ?? '';
    throw new ClawError('forbidden', `sudo refuses the password of ${open.user} on ${name}: ${said}`, {
      hint: 'give the right password, or log in as somebody whom sudo trusts',
    });
  }

  async close(): Promise<void> {
    const open = await this.#open?.catch(() => undefined);
    this.#open = undefined;
    if (open?.wire.busy === true) await this.#endChildren(open, undefined);
    await Promise.all(this.#endings);
    for (const wire of this.#wires) wire.kill();
  }

  #submit(request: Request, way: Way | undefined): Promise<Settled> {
    const { promise, resolve } = Promise.withResolvers<Settled>();
    const stop = () => {
      item.settle({ failed: request.signal.reason });
      this.#end(item);
    };
    const item: Item = {
      request,
      way,
      settle(settled) {
        request.signal.removeEventListener('abort', stop);
        resolve(settled);
      },
    };
    request.signal.addEventListener('abort', stop, { once: true });
    this.#waiting.push(item);
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => void this.#flush(request.signal));
    }
    return promise;
  }

  async #flush(signal: AbortSignal): Promise<void> {
    const open = await this.#opened(signal).catch((error: unknown) => ({ error }));
    // an action goes to no shell that was never heard of: where that one is lost, nobody would know whether it took place
    if ('greeted' in open && this.#waiting.some(({ request }) => request.action)) await open.greeted;
    if ('error' in open && signal.aborted) {
      // who opened it gave up, which is not the end of it for the others
      const other = this.#waiting.find(({ request }) => !request.signal.aborted);
      if (other !== undefined) return this.#flush(other.request.signal);
    }
    this.#scheduled = false;
    const items = this.#waiting.splice(0).filter(({ request }) => !request.signal.aborted);
    if ('error' in open) {
      for (const item of items) item.settle({ failed: open.error });
    } else if (items.length > 0) {
      const { script, slots } = batchOf(open, items, {
        id: () => this.#id(),
        onExcess: (item) => this.#end(item),
      });
      open.wire.send(script, slots);
    }
  }

  /**
   * Ends what runs for an item, if it is its turn. Where that does not help, the shell is given up, so that the others get theirs. An action that was sent and whose
   * turn is still to come cannot be taken back: its shell is ended.
   */
  #end(item: Item): void {
    const { open, id = '', gone } = item;
    if (open === undefined) return;
    if (open.wire.isHead(id)) {
      // where others behind it were told to stop at the same time, all of the shell is ended, and at once
      const ending = nextTurn().then(async () => {
        if (open.abandoned) return;
        await this.#endChildren(open, item);
        const late = new AbortController();
        await Promise.race([gone, delay(graceMs, undefined, { signal: late.signal }).catch(() => undefined)]);
        late.abort();
        if (open.wire.isHead(id)) this.#giveUp(open);
      });
      this.#whileEnding(ending);
    } else if (item.request.action === true && open.wire.isQueued(id)) {
      if (open.abandoned) return;
      // nothing more is asked of it from here on
      open.abandoned = true;
      this.#whileEnding(this.#endShell(open).then(() => this.#giveUp(open)));
    }
  }

  #whileEnding(ending: Promise<void>): void {
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
  }

  #giveUp(open: Open): void {
    open.abandoned = true;
    open.wire.kill();
  }

  #endChildren(open: Open, item: Item | undefined): Promise<void> {
    const root = item?.group?.pid;
    return this.#ending(open, { pid: root ?? open.pid, all: false, sudo: root !== undefined });
  }

  #endShell(open: Open): Promise<void> {
    return this.#ending(open, {
      pid: open.pid,
      all: true,
      sudo: this.usesSudo && open.way.startsWith('shell'),
    });
  }

  #ending(open: Open, what: { pid: number; all: boolean; sudo: boolean }): Promise<void> {
    const { shell, sudoPassword, startSeconds } = this.#options;
    const sudo = what.sudo && open.uid !== '0';
    return endChildren(shell, { ...what, sudo, password: sudoPassword, seconds: startSeconds });
  }

  /** The root shell of an item was not started, or has ended early. Decides once for all of its group how to go on. */
  async #afterSkip(item: Item, open: Open): Promise<void> {
    const { group, request } = item;
    if (group === undefined) throw new ClawError('fact-unreadable', `${request.what} gave no answer`);
    const ended = await Promise.race([group.ended, open.wire.closed]);
    if (group.pid !== undefined) {
      group.culprit ??= item;
      if (group.culprit === item)
        throw new ClawError('fact-unreadable', `${request.what} ended the shell that it ran in`);
      return;
    }
    if (ended === undefined) return;
    group.decided ??= this.#changeWay(open, ended, request);
    await group.decided;
  }

  async #changeWay(open: Open, ended: Result, request: Request): Promise<void> {
    const refusal = refusalOf(ended);
    if (refusal?.because === 'missing') throw await this.#refused(request, open, refusal);
    const canAnswer = refusal?.because === 'password' && this.#options.sudoPassword !== undefined;
    if (canAnswer && !open.authenticated) await this.authenticate(request.signal);
    else open.way = canAnswer && open.way === 'shell' ? 'shell-password' : 'each';
  }

  /** What a command printed may be anybody's words, so sudo itself is asked whether it refused it. */
  async #confirmed(supposed: Refusal | undefined, item: Item, open: Open): Promise<Refusal | undefined> {
    const { request } = item;
    if (supposed === undefined) return undefined;
    return confirmRefusal(supposed, {
      runAs: request.runAs ?? 'root',
      words: (await this.program(request.words ?? [], request.signal)).words,
      hadPassword: open.authenticated && (item.way === 'each-password' || request.mark !== undefined),
      sudo: (words, { withPassword }) =>
        this.ask({
          what: `sudo ${words.join(' ')}`,
          script: (id) => `${withPassword ? 'K' : 'exec sudo -n'} ${quoted(words)} </dev/null & r ${id}`,
          seconds: 30,
          signal: request.signal,
        }),
    });
  }

  async #afterRefusal(item: Item, open: Open, refusal: Refusal): Promise<Way> {
    const canAnswer = refusal.because === 'password' && this.#options.sudoPassword !== undefined;
    if (!canAnswer || item.way === 'each-password') throw await this.#refused(item.request, open, refusal);
    if (!open.authenticated) {
      await this.authenticate(item.request.signal);
      return 'each';
    }
    return 'each-password';
  }

  async #refused(request: Request, open: Open, refusal: Refusal): Promise<ClawError> {
    const { words = [], runAs = 'root', what } = request;
    const about = { user: open.user, runAs, host: this.#options.name, command: what, refusal };
    if (words.length === 0) return sudoError(about);
    const program = await this.program(words, request.signal);
    return sudoError({ ...about, wording: sudoersLine({ user: open.user, runAs, ...program }) });
  }

  /** The words with the program's path in place of its name, as sudoers rules have it. */
  program(words: readonly string[], signal: AbortSignal): Promise<Program> {
    return findProgram(words, (what, script) => this.ask({ what, script, seconds: 30, signal }));
  }

  async #opened(signal: AbortSignal): Promise<Open> {
    const open = await this.#standing(signal);
    open.greet();
    return open;
  }

  async #standing(signal: AbortSignal): Promise<Open> {
    const begun = this.#begun;
    this.#begun = undefined;
    if (begun !== undefined) return begun;
    const current = await this.#open?.catch(() => undefined);
    if (current !== undefined && !current.wire.ended && !current.abandoned) return current;
    const opening = this.#start(signal);
    this.#open = opening;
    return opening;
  }

  async #start(signal: AbortSignal): Promise<Open> {
    const open = await startShell(this.#options, this.#id(), signal);
    this.#wires.add(open.wire);
    void open.wire.closed.then(() => this.#wires.delete(open.wire));
    return open;
  }

  #id(): string {
    this.#count += 1;
    return String(this.#count);
  }
}
