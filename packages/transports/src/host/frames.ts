/** What a command printed, up to the marker that ends it. */
export interface Frame {
  /** The words of the marker after the nonce. */
  readonly words: readonly string[];
  readonly bytes: Buffer;
  /** More was printed than the limit; the rest is not kept. */
  readonly overflow: boolean;
}

/**
 * Cuts a byte stream at the markers `NONCE word word…\n`. The nonce is random and new for each channel, so no output can hold it by chance or by design.
 * `onOverflow` is told once for each frame that goes past the limit, while it is still being printed.
 */
export function cutFrames(
  nonce: string,
  limit: number,
  on: { frame: (frame: Frame) => void; overflow: () => void },
): (chunk: Buffer) => void {
  const needle = Buffer.from(`${nonce} `);
  let parts: Buffer[] = [];
  let size = 0;
  let rest: Buffer = Buffer.alloc(0);
  const keep = (bytes: Buffer) => {
    const before = size;
    size += bytes.length;
    if (before < limit) parts.push(bytes.subarray(0, limit - before));
    if (before <= limit && size > limit) on.overflow();
  };
  return (chunk) => {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const at = data.indexOf(needle);
      if (at < 0) {
        const sure = Math.max(0, data.length - needle.length + 1);
        keep(data.subarray(0, sure));
        rest = data.subarray(sure);
        return;
      }
      keep(data.subarray(0, at));
      const end = data.indexOf(10, at);
      if (end < 0) {
        rest = data.subarray(at);
        return;
      }
      const words = data.toString('latin1', at + needle.length, end).split(' ');
      const frame = { words, bytes: Buffer.concat(parts), overflow: size > limit };
      parts = [];
      size = 0;
      data = data.subarray(end + 1);
      on.frame(frame);
    }
  };
}
