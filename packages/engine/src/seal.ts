import { isObject, type Redactor } from '@claw-run/core';
import { decrypt, encrypt, type Sealed } from './cipher.ts';
import { damaged, type JournalName } from './head-file.ts';
import { type LogFile, logFile, readLog } from './log-file.ts';
import { openValue, sealValue } from './sealed-value.ts';
import type { StateKey } from './state-key.ts';

/** Keeps what must not be read out of a journal (AES-256-GCM): secrets in a file of their own, of which the journal bears ids, the rest in its place. */
export interface Seal {
  /** The same JSON with ids for secrets and for what was seen or is written on targets. */
  readonly seal: (value: unknown) => Promise<unknown>;
  /** The JSON as it was. @throws ClawError `journal-damaged` where something sealed is missing */
  readonly unseal: (value: unknown) => unknown;
  /** Takes room on the disk, as `LogFile` does. @throws ClawError `journal-unwritable` */
  readonly reserve: LogFile['reserve'];
  readonly close: LogFile['close'];
}

/** Opens the seal of one journal. What is sealed in one cannot be opened in another. `lenient` passes over what was altered: it is missing then. */
export async function openSeal(
  path: string,
  {
    name,
    key,
    redactor,
    lenient = false,
  }: { name: JournalName; key: StateKey; redactor: Redactor; lenient?: boolean },
): Promise<Seal> {
  const box = { key: key.cipherKey('seal'), name };
  const lines = await readLog(path);
  const apart = memory();
  const inPlace = memory();
  for (const [index, line] of lines.entries()) {
    const entry = parsed(line);
    const text = entry === undefined ? undefined : decrypt(box, entry);
    if ((entry === undefined || text === undefined) && lenient) continue;
    if (entry === undefined || text === undefined)
      throw damaged(`${path}:${index + 1}: what is sealed there was altered, or is another run's`);
    apart.keep(entry.id, text);
  }
  const file = logFile(path, lines);

  return {
    async seal(value) {
      const fresh: Sealed[] = [];
      const sealed = sealValue(value, redactor, {
        apart(text) {
          const known = apart.idOf(text);
          if (known !== undefined) return known;
          const entry = encrypt(box, text);
          fresh.push(entry);
          apart.keep(entry.id, text);
          return entry.id;
        },
        inPlace(text) {
          const known = inPlace.idOf(text);
          if (known !== undefined) return known;
          const entry = encrypt(box, text);
          inPlace.keep(entry.id, text);
          return { ...entry };
        },
      });
      if (fresh.length > 0)
        await file.append(fresh.map((entry) => `${JSON.stringify(entry)}\n`).join(''), { sync: true });
      return sealed;
    },
    unseal: (value) =>
      openValue(
        value,
        {
          apart: (mark) => apart.textOf(mark) ?? missing(path, mark),
          inPlace(mark) {
            if (!isObject(mark)) return inPlace.textOf(mark) ?? missing(path, mark);
            const entry = mark as unknown as Sealed;
            const text = decrypt(box, entry) ?? missing(path, entry.id);
            inPlace.keep(entry.id, text);
            return text;
          },
        },
        redactor,
      ),
    reserve: file.reserve,
    close: file.close,
  };
}

/** Texts by their ids, and back. */
function memory() {
  const texts = new Map<string, string>();
  const ids = new Map<string, string>();
  return {
    keep(id: string, text: string) {
      texts.set(id, text);
      ids.set(text, id);
    },
    idOf: (text: string) => ids.get(text),
    textOf: (id: unknown) => (typeof id === 'string' ? texts.get(id) : undefined),
  };
}

function missing(path: string, id: unknown): never {
  throw damaged(`${path}: what is sealed as ${String(id)} is missing`);
}

function parsed(line: string): Sealed | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? (value as unknown as Sealed) : undefined;
  } catch {
    return undefined;
  }
}
