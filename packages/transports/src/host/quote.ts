import { ClawError } from '@claw-run/core';

/** A word as a POSIX shell reads it back unchanged. The one place where words and shell text meet. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new ClawError('input-invalid', 'a word of a command cannot hold a NUL byte');
  return /^[\w@%+=:,./-]+$/.test(word) && !word.includes('=') ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Words as one shell command. */
export function quoted(words: readonly string[]): string {
  return words.map(quote).join(' ');
}

/**
 * Shell text that prints these bytes, whatever they are, with the built-in `printf`: so they are in no process's words, in no file and in no environment.
 */
export function printing(content: string): string {
  const bytes = Buffer.from(content, 'utf8');
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const escaped = bytes.toString('latin1', at, at + chunkBytes).replace(unsafe, octal);
    parts.push(`printf %b '${escaped}'`);
  }
  return parts.length === 0 ? ':' : parts.join('\n');
}

const chunkBytes = 16_384;
// biome-ignore lint/suspicious/noControlCharactersInRegex: bytes are what this is about
const unsafe = /[\\'\x00-\x08\x0b-\x1f\x7f-\xff]/g;

function octal(char: string): string {
  return `\\0${char.charCodeAt(0).toString(8).padStart(3, '0')}`;
}
