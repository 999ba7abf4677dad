import type { Problem } from '@claw-run/core';
import { type Source, sourceOf } from './source.ts';

const largest = 1024 * 1024;

export type ReadResult =
  | { readonly ok: true; readonly source: Source }
  | { readonly ok: false; readonly problem: Problem };

/** The text of a file, or why it cannot be a runbook: its size, its encoding. */
export function readBytes(file: string, bytes: Uint8Array): ReadResult {
  if (bytes.length > largest) {
    const size = `${(bytes.length / largest).toFixed(1)} MiB`;
    return unreadable(file, `the file has ${size}; a runbook has at most 1 MiB`, 'is it the right file?');
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { ok: true, source: sourceOf(file, text) };
  } catch {
    return notUtf8(file, bytes);
  }
}

function notUtf8(file: string, bytes: Uint8Array): ReadResult {
  const offset = firstBadByte(bytes);
  const before = new TextDecoder().decode(bytes.subarray(0, offset));
  const line = before.split('\n').length;
  const column = before.length - before.lastIndexOf('\n');
  const value = `0x${(bytes[offset] ?? 0).toString(16).padStart(2, '0')}`;
  return unreadable(
    file,
    `the file is not UTF-8: byte ${offset} is ${value}`,
    utf16(bytes) ? 'it looks like UTF-16: save it as UTF-8' : 'save it as UTF-8',
    { line, column },
  );
}

function unreadable(
  file: string,
  message: string,
  hint: string,
  at: { readonly line: number; readonly column: number } = { line: 1, column: 1 },
): ReadResult {
  return { ok: false, problem: { code: 'runbook-unreadable', message, hint, position: { file, ...at } } };
}

function utf16(bytes: Uint8Array): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

/** The longest prefix that decodes, found by halving: a prefix of UTF-8 is UTF-8 but for a cut character at its end. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodes(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle;
  }
  // A sequence that breaks off is wrong from its first byte on.
  for (let back = 0; back < 4; back++) if (decodes(bytes.subarray(0, good - back), false)) return good - back;
  return good;
}

function decodes(bytes: Uint8Array, stream: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream });
    return true;
  } catch {
    return false;
  }
}
