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
  readonly open: (run: string, key: StateKey) => Promise<void>;
  readonly keep: (summaries: readonly RunSummary[], key: StateKey) => Promise<void>;
  /** Those whose journal was not touched since. */
  readonly read: (key: StateKey) => Promise<ReadonlyMap<string, RunSummary>>;
}

interface Line {
  readonly run: string;
  readonly summary?: RunSummary;
  /** How its journal was left. */
  readonly left?: string;
}

export function runIndex(path: string, folderOf: (run: string) => string): RunIndex {
  const standing = (run: string): string => {
    const infos = ['journal.jsonl', 'head'].map((name) =>
      statSync(join(folderOf(run), name), { bigint: true, throwIfNoEntry: false }),
    );
    // who alters a file may set its times, but not that of the last change
    return infos.map((info) => `${info?.size} ${info?.ctimeNs}`).join(' ');
  };
  const append = async (lines: readonly Line[], { sign }: StateKey) => {
    try {
      const text = lines
        .map((line) => `${JSON.stringify({ ...line, mac: sign('index', [line]) })}\n`)
        .join('');
      await appendFile(path, text, { mode: 0o600 });
    } catch {
      // it is read from the journal then
    }
  };
  return {
    open: (run, key) => append([{ run }], key),
    keep: (summaries, key) =>
      append(
        summaries.map((summary) => ({ run: summary.run, summary, left: standing(summary.run) })),
        key,
      ),
    async read({ sign }) {
      const text = await readFile(path, 'utf8').catch(() => '');
      const found = new Map<string, RunSummary>();
      if (text === '') return found;
      const seen = new Set<string>();
      // the last line of a run counts, so the last lines come first
      for (let end = text.length; end > 0; ) {
        const begin = text.lastIndexOf('\n', end - 2) + 1;
        const raw = text.slice(begin, end);
        end = begin;
        const run = /^\{"run":"([^"\\]+)"/.exec(raw)?.[1];
        if (run === undefined || seen.has(run)) continue;
        seen.add(run);
        const { mac, ...line } = parsed(raw);
        if (line.summary === undefined || standing(run) !== line.left) continue;
        if (sign('index', [line]) === mac) found.set(run, line.summary);
      }
      return found;
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
