import { createRedactor, isObject, type Redactor } from '@claw-run/core';
import { decrypt, encrypt, type Sealed } from './cipher.ts';
import { damaged } from './head-file.ts';
import { lineOf, nextLine } from './journal-line.ts';
import { openValue, sealValue } from './sealed-value.ts';
import type { StateKey } from './state-key.ts';

/** Turns the records of one journal into lines of text that others may keep and read, and back. One for each time that a journal is opened. */
export interface JournalCodec<R> {
  /** The line of the next record: what must not be read is sealed (AES-256-GCM), and it is signed together with the line before (HMAC-SHA256). */
  readonly encode: (record: R) => string;
  /**
   * The records of all lines, before the first `encode`. A last line that is no JSON, cut off by a crash, is left out: whoever keeps lines drops those behind
   * as many as there are records. That whole lines are missing at the end is not seen: the place must not lose what it has confirmed.
   * @throws ClawError `journal-damaged` where a line was altered, lost, exchanged, or belongs to another journal or key
   */
  readonly decode: (lines: readonly string[]) => readonly R[];
}

/** A codec for the journal of that kind and id. The key comes from `readStateKey` (a file) or `stateKeyFrom` (32 bytes from elsewhere). */
export function journalCodec<R>(
  kind: 'run' | 'fleet',
  id: string,
  { key, redactor = createRedactor() }: { readonly key: StateKey; readonly redactor?: Redactor | undefined },
): JournalCodec<R> {
  const name = [kind, id] as const;
  const box = { key: key.cipherKey('seal'), name };
  const seal = (text: string) => ({ ...encrypt(box, text) });
  const open = (mark: unknown) => {
    const text = isObject(mark) ? decrypt(box, mark as unknown as Sealed) : undefined;
    if (text === undefined)
      throw damaged(`the journal of ${kind} ${id} has something sealed that was altered`);
    return text;
  };
  let seq = 0;
  let prev = '';
  return {
    encode(record) {
      const sealed = sealValue(record, redactor, { apart: seal, inPlace: seal });
      const line = lineOf({ seq, prev, record: sealed }, name, key);
      seq += 1;
      prev = line.mac;
      return line.raw;
    },
    decode(lines) {
      const whole = lines.at(-1) !== undefined && !isJson(lines.at(-1) ?? '') ? lines.slice(0, -1) : lines;
      return whole.map((raw) => {
        const line = nextLine(raw, { seq, prev, name, key });
        if (line === undefined)
          throw damaged(
            `record ${seq + 1} of ${kind} ${id} was altered, is another journal's, or one before it is missing`,
          );
        seq += 1;
        prev = line.mac;
        return openValue(line.record, { apart: open, inPlace: open }, redactor) as R;
      });
    },
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
