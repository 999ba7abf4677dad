import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { ApiError } from '../storage/status.ts';

/** A request as received. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly uri: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The largest body that is read, as in the API server: 3 MiB. */
export const bodyLimit = 3 * 1024 * 1024;

/** Reads a request with its body; a body over the limit is a 413. */
export async function readRequest(incoming: IncomingMessage): Promise<ApiRequest> {
  return { ...readHead(incoming), body: await readBody(incoming) };
}

/** What a request says before its body; the body is left alone. */
export function readHead(incoming: IncomingMessage): Omit<ApiRequest, 'body'> {
  const uri = incoming.url ?? '/';
  const [path = '/', query = ''] = splitOnce(uri, '?');
  return {
    method: incoming.method ?? 'GET',
    path: decoded(path),
    uri,
    query: new URLSearchParams(query),
    headers: incoming.headers,
  };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new ApiError(400, 'BadRequest', 'invalid URL escape in the path');
  }
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size <= bodyLimit) chunks.push(bytes);
  }
  if (size > bodyLimit) {
    throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${bodyLimit}`);
  }
  return Buffer.concat(chunks);
}
