import { type CountDown, countDown } from './count-down.ts';
import { cutFrames, type Frame } from './frames.ts';
import type { Channel, ChannelEnd } from './shell.ts';

/** How something that was sent came back. */
export type Outcome =
  | { readonly came: 'back'; readonly result: Result }
  /** A later frame came, so this one never will: the shell that it was meant for was not started. */
  | { readonly came: 'skipped' }
  /** The shell is gone. `begun` where this was what it was busy with. */
  | {
      readonly came: 'ended';
      readonly end: ChannelEnd;
      /** Not so where the shell was gone before. */
      readonly sent: boolean;
      readonly begun: boolean;
      /** What it said last on standard error, and before its first answer on standard output. */
      readonly words: string;
    };

export interface Result {
  readonly exit: number;
  readonly note: string;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly overflow: boolean;
}

/** Something that was sent and whose frame is awaited. */
export interface Slot {
  readonly id: string;
  /** What it may take, from the moment it is its turn. */
  readonly seconds: number;
  readonly settle: (outcome: Outcome) => void;
  /** Called once when it takes too long or prints too much. */
  readonly onExcess: (excess: 'time' | 'output') => void;
}

/** The introduction of the shell, and what goes out with it. */
const unhurried = 2;
/** How long nothing comes, after something came, before it is acknowledged expressly. */
const silenceMs = 4;

/** One channel: scripts go in, frames come back in order. */
export class Wire {
  readonly nonce: string;
  readonly #channel: Channel;
  readonly #queue: Slot[] = [];
  readonly #outs = new Map<string, Frame>();
  readonly #errs = new Map<string, Frame>();
  #timer: CountDown | undefined;
  #end: ChannelEnd | undefined;
  #lastWords = '';
  #heard = false;
  #batches = 0;
  #nudge: NodeJS.Timeout | undefined;

  constructor(channel: Channel, nonce: string, limit: number) {
    this.#channel = channel;
    this.nonce = nonce;
    const overflow = () => this.#queue[0]?.onExcess('output');
    const collect = (frames: Map<string, Frame>) =>
      cutFrames(nonce, limit, {
        frame: (frame) => {
          this.#heard = true;
          frames.set(frame.words[0] ?? '', frame);
          this.#advance();
        },
        overflow,
      });
    const output = collect(this.#outs);
    const keepWords = (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString('utf8')).slice(-2000);
    };
    channel.stdout.on('data', (chunk: Buffer) => {
      // nologin(8) and forced commands say there why no shell comes
      if (!this.#heard) keepWords(chunk);
      output(chunk);
      this.#acknowledge();
    });
    const errors = collect(this.#errs);
    channel.stderr.on('data', (chunk: Buffer) => {
      keepWords(chunk);
      errors(chunk);
    });
    channel.stdin.on('error', () => undefined);
    void channel.closed.then((end) => this.#ended(end));
    channel.hold?.(false);
  }

  /** Settles with nothing, once the shell is gone. */
  get closed(): Promise<undefined> {
    return this.#channel.closed.then(() => undefined);
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  get busy(): boolean {
    return this.#queue.length > 0;
  }

  /** Sends a script whose frames come back in the order of the slots. */
  send(script: string, slots: readonly Slot[]): void {
    const idle = this.#queue.length === 0;
    this.#queue.push(...slots);
    if (this.#end !== undefined) {
      this.#giveBack(this.#end, false);
      return;
    }
    this.#channel.hold?.(true);
    this.#batches += 1;
    this.#channel.stdin.write(script);
    if (idle) this.#watch();
  }

  isHead(id: string): boolean {
    return this.#queue[0]?.id === id;
  }

  /** Whether its turn is still to come. */
  isQueued(id: string): boolean {
    return this.#queue.some((slot) => slot.id === id);
  }

  kill(): void {
    this.#channel.kill();
  }

  #advance(): void {
    let moved = false;
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const out = this.#outs.get(head.id);
      const err = this.#errs.get(head.id);
      const passed = out === undefined && this.#queue.some(({ id }) => this.#outs.has(id));
      if (!passed && (out === undefined || err === undefined)) break;
      moved = true;
      this.#queue.shift();
      this.#outs.delete(head.id);
      this.#errs.delete(head.id);
      head.settle(out === undefined || err === undefined ? { came: 'skipped' } : back(out, err));
    }
    if (moved) this.#watch();
  }

  /**
   * Where something came and the rest does not, the other side may be waiting to hear that it came: an empty line, which the shell passes over, tells it.
   * Not for what is asked first, which takes longer than that wait by itself.
   */
  #acknowledge(): void {
    clearTimeout(this.#nudge);
    if (this.#channel.holdsBack !== true || this.#batches <= unhurried || !this.busy) return;
    this.#nudge = setTimeout(() => {
      if (this.busy && this.#end === undefined) this.#channel.stdin.write('\n');
    }, silenceMs);
  }

  #watch(): void {
    this.#timer?.stop();
    const head = this.#queue[0];
    if (head === undefined) this.#channel.hold?.(false);
    else this.#timer = countDown(head.seconds * 1000, () => head.onExcess('time'));
  }

  #ended(end: ChannelEnd): void {
    this.#end = end;
    this.#timer?.stop();
    clearTimeout(this.#nudge);
    this.#giveBack(end, true);
  }

  #giveBack(end: ChannelEnd, sent: boolean): void {
    const words = this.#lastWords.replaceAll(new RegExp(`${this.nonce} \\S*\\n`, 'g'), '').trim();
    for (const [index, slot] of this.#queue.splice(0).entries())
      slot.settle({ came: 'ended', end, sent, begun: sent && index === 0, words });
  }
}

function back(out: Frame, err: Frame): Outcome {
  const [, exit = '', ...note] = out.words;
  return {
    came: 'back',
    result: {
      exit: Number(exit),
      note: note.join(' '),
      stdout: out.bytes,
      stderr: err.bytes,
      overflow: out.overflow || err.overflow,
    },
  };
}
