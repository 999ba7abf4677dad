import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A request that is answered with an error of its own. */
export class RequestError extends Error {
  readonly answer: Answer;

  constructor(status: number, error: string, message: string) {
    super(message);
    this.answer = { status, body: { error, message } };
  }
}

const MOST_BYTES = 64 * 1024;

/** Reads the JSON object of a request. @throws RequestError for anything else, or for more than 64 KiB */
export async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES)
      throw new RequestError(413, 'clw-request-too-large', `A request has at most ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  const value = parse(Buffer.concat(chunks).toString('utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RequestError(400, 'clw-bad-request', 'The body is not a JSON object');
  return value as Readonly<Record<string, unknown>>;
}

/** Sends an answer; a connection whose request was not read to its end is closed after it. */
export function send(request: IncomingMessage, response: ServerResponse, { status, body }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const text = `${JSON.stringify(body)}\n`;
  const rest = request.complete ? {} : { connection: 'close' };
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...rest,
  });
  response.end(text, () => {
    if (!request.complete) request.destroy();
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestError(400, 'clw-bad-request', 'The body is not JSON');
  }
}
