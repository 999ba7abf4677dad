import { damaged, type Head, type JournalName } from './head-file.ts';
import type { StateKey } from './state-key.ts';

/** A line of a journal: a record, signed together with its place and the signature of the line before. */
export interface JournalLine {
  readonly raw: string;
  readonly record: unknown;
  readonly mac: string;
}

interface Body {
  readonly seq: number;
  readonly prev: string;
  readonly record: unknown;
}

/** Signs a record. */
export function lineOf(body: Body, name: JournalName, key: StateKey): JournalLine {
  const mac = key.sign('journal', [...name, body]);
  return { raw: JSON.stringify({ ...body, mac }), record: body.record, mac };
}

/**
 * Checks lines against their signatures and against the head. A crash may spoil what stands behind the head: nothing was done on its word, so it is left
 * out. @throws ClawError `journal-damaged`
 */
export function readLines(
  raws: readonly string[],
  { file, name, key, reached }: { file: string; name: JournalName; key: StateKey; reached: Head },
): readonly JournalLine[] {
  const lines = trustedLines(raws, { name, key });
  if (lines.length < raws.length && lines.length < reached.records)
    throw damaged(`${file}:${lines.length + 1}: the record was altered, or one before it is missing`);
  const missing = reached.records - lines.length;
  if (missing > 0)
    throw damaged(
      `${file} was cut off: its last ${missing === 1 ? 'record is' : `${missing} records are`} missing`,
    );
  if (reached.records > 0 && lines[reached.records - 1]?.mac !== reached.last)
    throw damaged(`${file} is not the journal that its head was kept for`);
  return lines;
}

/** The lines from the first on that are signed, one behind the other: what comes behind a line that is not is not believed. */
export function trustedLines(
  raws: readonly string[],
  { name, key }: { name: JournalName; key: StateKey },
): readonly JournalLine[] {
  const lines: JournalLine[] = [];
  for (const [seq, raw] of raws.entries()) {
    const line = nextLine(raw, { seq, prev: lines.at(-1)?.mac ?? '', name, key });
    if (line === undefined) break;
    lines.push(line);
  }
  return lines;
}

/** The next line of a journal, or nothing where it is not that. */
export function nextLine(
  raw: string,
  { seq, prev, name, key }: { seq: number; prev: string; name: JournalName; key: StateKey },
): JournalLine | undefined {
  try {
    const { mac, ...body } = JSON.parse(raw) as Body & { mac: string };
    const fits = body.seq === seq && body.prev === prev && key.sign('journal', [...name, body]) === mac;
    return fits ? { raw, record: body.record, mac } : undefined;
  } catch {
    return undefined;
  }
}
