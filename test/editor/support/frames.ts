import type { Readable } from 'node:stream';

/** A message as the Language Server Protocol sends it: its length, an empty line, itself. */
export function framed(message: object): string {
  const text = JSON.stringify(message);
  return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** Calls back for each message that comes. */
export function readFrames(stream: Readable, receive: (message: unknown) => void): void {
  let rest = Buffer.alloc(0);
  stream.on('data', (data: Buffer) => {
    rest = Buffer.concat([rest, data]);
    for (;;) {
      const head = rest.indexOf('\r\n\r\n');
      if (head === -1) return;
      const length = Number(/Content-Length: (\d+)/i.exec(rest.subarray(0, head).toString())?.[1]);
      const end = head + 4 + length;
      if (rest.length < end) return;
      const text = rest.subarray(head + 4, end).toString();
      rest = rest.subarray(end);
      receive(JSON.parse(text));
    }
  });
}
