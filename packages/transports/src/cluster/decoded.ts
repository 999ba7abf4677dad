import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

/** A body as it was before somebody in between packed it, unasked. @throws where it is packed in another way, cut, or too large */
export function decoded(body: Buffer, encoding = 'identity', maxOutputLength: number): Buffer {
  switch (encoding.trim().toLowerCase()) {
    case 'identity':
    case '':
      return body;
    case 'gzip':
    case 'x-gzip':
      return gunzipSync(body, { maxOutputLength });
    case 'deflate':
      return inflateSync(body, { maxOutputLength });
    case 'br':
      return brotliDecompressSync(body, { maxOutputLength });
    default:
      throw new Error(`its answer is encoded as ${encoding}, which was not asked for`);
  }
}
