import { statSync } from 'node:fs';
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
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
  /** Drops all lines but the last one of each of these runs. */
  readonly retain: (runs: readonly string[]) => Promise<void>;
}

interface Line {
  readonly run: string;
  readonly summary?: RunSummary;
  /** How its journal was left. */
  readonly left?: string;
}

export function runIndex(path: string, folderOf: (run: string) => string): RunIndex {
  const standing = (run: string): string => {
    const folder = folderOf(run);
    let told = '';
    for (const name of ['journal.jsonl', 'sealed.jsonl', 'head']) {
      const info = statSync(`${folder}/${name}`, { throwIfNoEntry: false });
      // who alters a file may set its times, but not that of the last change
      told += `${info?.size} ${info?.ctimeMs} `;
    }
    return told;
  };
  const isAsLeft = ({ run = '', left }: Partial<Line>): boolean => {
    try {
      return standing(run) === left;
    } catch {
      return false;
    }
  };
  const append = async (lines: () => readonly Line[], { sign }: StateKey) => {
    try {
      const text = lines()
        .map((line) => `${JSON.stringify({ ...line, mac: sign('index', [line]) })}\n`)
        .join('');
      await appendFile(path, text, { mode: 0o600 });
    } catch {
      // it is read from the journal then
    }
  };
  return {
    open: (run, key) => append(() => [{ run }], key),
    keep: (summaries, key) =>
      append(
        () => summaries.map((summary) => ({ run: summary.run, summary, left: standing(summary.run) })),
        key,
      ),
    async read({ sign }) {
      const found = new Map<string, RunSummary>();
      for (const [run, raw] of lastLines(await textOf(path))) {
        const { mac, ...line } = parsed(raw);
        if (line.summary === undefined || !isAsLeft({ ...line, run })) continue;
        if (sign('index', [line]) === mac) found.set(run, line.summary);
      }
      return found;
    },
    async retain(runs) {
      const wanted = new Set(runs);
      const lines: string[] = [];
      for (const [run, raw] of lastLines(await textOf(path))) if (wanted.has(run)) lines.push(raw);
      // what another process appends meanwhile is read from its journal
      await writeFile(`${path}.new`, lines.toReversed(), { mode: 0o600 })
        .then(() => rename(`${path}.new`, path))
        .catch(() => undefined);
    },
  };
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

/** Runs, each with the last line about it, which is the one that counts; the last of all comes first. */
function* lastLines(text: string): Generator<readonly [run: string, raw: string]> {
  const seen = new Set<string>();
  for (let end = text.length; end > 0; ) {
    const begin = text.lastIndexOf('\n', end - 2) + 1;
    const raw = text.slice(begin, end);
    end = begin;
    const run = /^\{"run":"([^"\\]+)"/.exec(raw)?.[1];
    if (run === undefined || seen.has(run)) continue;
    seen.add(run);
    yield [run, raw];
  }
}

function parsed(raw: string): Partial<Line> & { readonly mac?: unknown } {
  try {
    return (JSON.parse(raw) as Partial<Line> | null) ?? {};
  } catch {
    return {};
  }
}
