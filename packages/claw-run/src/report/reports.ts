import { mkdir, open, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, format, parse, resolve } from 'node:path';
import type { Redactor } from '@claw-run/core';
import type { RunEvent } from '@claw-run/engine';
import { UsageError } from '../cli/usage-error.ts';
import { plain, plainJson } from '../render/plain.ts';
import { foldReport, type Report } from './report.ts';

/** The reports that were asked for. */
export interface Reports {
  /** Whether all of them can be written, seen before anything is changed. @throws UsageError */
  readonly prepare: () => Promise<void>;
  /** With a host, each file bears its name: `report.html` becomes `report-web1.html`. */
  readonly write: (events: readonly RunEvent[], redactor: Redactor, host?: string) => Promise<void>;
}

const kinds: Kinds<Report> = {
  html: async () => (await import('./html.ts')).htmlReport,
  junit: async () => (await import('./junit.ts')).junitReport,
  markdown: async () => (await import('./markdown.ts')).markdownReport,
};

/** Reads `kind:file` of the command line, before anything runs. @throws UsageError */
export function reportsOf(
  wanted: readonly string[],
  cwd: string,
  warn: (text: string) => void = () => {},
): Reports {
  const files = reportFiles(wanted, { cwd, kinds, warn });
  return {
    prepare: files.prepare,
    async write(events, redactor, host) {
      if (wanted.length === 0) return;
      const report = foldReport(
        plainJson(JSON.parse(JSON.stringify(redactor.redactJson(events))) as readonly RunEvent[]),
      );
      await files.write(report, host);
    },
  };
}

/** Writers by kind, each loaded when it is used. */
export interface Kinds<R> {
  readonly [kind: string]: () => Promise<(report: R) => string>;
}

/** The files of reports of any sort. @throws UsageError */
export function reportFiles<R>(
  wanted: readonly string[],
  options: { readonly cwd: string; readonly kinds: Kinds<R>; readonly warn: (text: string) => void },
): { readonly prepare: () => Promise<void>; readonly write: (report: R, host?: string) => Promise<void> } {
  const specs = wanted.map((text) => {
    const at = text.indexOf(':');
    const kind = at < 0 ? text : text.slice(0, at);
    if (!Object.hasOwn(options.kinds, kind) || at < 0 || at === text.length - 1) {
      throw new UsageError(
        `--report does not understand ${text}`,
        'it takes html:FILE, junit:FILE or markdown:FILE',
      );
    }
    return { kind, file: resolve(options.cwd, text.slice(at + 1)) };
  });
  return {
    async prepare() {
      for (const { file } of specs) await tryToWrite(file);
    },
    async write(report, host) {
      for (const { kind, file } of specs) {
        const render = await options.kinds[kind]?.();
        const path = host === undefined ? file : fileOf(file, host);
        try {
          await makeFolder(dirname(path));
          // once more as a whole: a CI system that prints it reads lines
          await writeFile(path, plain(render?.(report) ?? ''));
        } catch (error) {
          // the run is over: its end stands, and is told whatever became of the report
          options.warn(`the report ${path} could not be written: ${codeOf(error)}`);
        }
      }
    },
  };
}

/** Opens a report as it will be written, and leaves nothing there that was not there before. */
async function tryToWrite(file: string): Promise<void> {
  try {
    await makeFolder(dirname(file));
    const there = await stat(file).then(
      () => true,
      () => false,
    );
    await (await open(file, 'a')).close();
    if (!there) await rm(file);
  } catch (error) {
    throw new UsageError(
      `the report ${file} cannot be written: ${codeOf(error)}`,
      'name another file with --report KIND:FILE',
    );
  }
}

/** `mkdir -p`, which never ends in Node.js where a system says of a folder that it is not there and cannot be made (/proc). */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

function fileOf(file: string, host: string): string {
  const { dir, name, ext } = parse(file);
  return format({ dir, name: `${name}-${host.replaceAll(/[^A-Za-z0-9.]+/g, '-')}`, ext });
}
