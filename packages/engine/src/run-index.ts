import { statSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunSummary } from './run-summary.ts';
import type { StateKey } from './state-key.ts';

/**
 * One line for each time that a run was taken up or left: a list of thousands of runs reads one file. It only saves time: what it does not know for certain is read
 * from the journal, and nothing is resumed or rolled back on its word.
 */
export interface RunIndex {
  /** From now on the journal has the last word. */
  readonly open: (run: string) => Promise<void>;
  readonly close: (summary: RunSummary) => Promise<void>;
  /** Those whose journal was not touched since. */
  readonly read: () => Promise<ReadonlyMap<string, RunSummary>>;
}

interface Line {
  readonly run: string;
  readonly summary?: RunSummary;
  /** How its journal was left. */
  readonly left?: string;
}

export function runIndex(
  path: string,
  key: () => Promise<StateKey>,
  folderOf: (run: string) => string,
): RunIndex {
  const standing = (run: string): string => {
    const infos = ['journal.jsonl', 'head'].map((name) =>
      statSync(join(folderOf(run), name), { bigint: true, throwIfNoEntry: false }),
    );
    // who alters a file may set its times, but not that of the last change
    return infos.map((info) => `${info?.size} ${info?.ctimeNs}`).join(' ');
  };
  const append = async (line: Line) => {
    try {
      const mac = (await key()).sign('index', [line]);
      await appendFile(path, `${JSON.stringify({ ...line, mac })}\n`, { mode: 0o600 });
    } catch {
      // it is read from the journal then
    }
  };
  return {
    open: (run) => append({ run }),
    async close(summary) {
      await append({ run: summary.run, summary, left: standing(summary.run) });
    },
    async read() {
      const text = await readFile(path, 'utf8').catch(() => '');
      if (text === '') return new Map();
      const { sign } = await key();
      const last = new Map<string, { readonly line: Line; readonly mac: unknown }>();
      for (const raw of text.split('\n')) {
        const { mac, ...line } = parsed(raw);
        if (typeof line.run === 'string') last.set(line.run, { line: line as Line, mac });
      }
      return new Map(
        [...last].flatMap(([run, { line, mac }]) =>
          line.summary !== undefined && standing(run) === line.left && sign('index', [line]) === mac
            ? [[run, line.summary]]
            : [],
        ),
      );
    },
  };
}

function parsed(raw: string): Partial<Line> & { readonly mac?: unknown } {
  try {
    return (JSON.parse(raw) as Partial<Line> | null) ?? {};
  } catch {
    return {};
  }
}
