import { type Fact, fileFact, Secret } from '@claw-run/core';

/** A file of text; `mode` as in `0o640`. The content is a `Secret` where the file was asked for as one. */
export type TextFile = {
  readonly content: string | Secret;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
};

export interface FileInput {
  readonly path: string;
  readonly sudo: boolean;
}

/** A file with all its bytes, so that a diff is one of lines and undo gives the same bytes; `null` when there is none. */
export function textFile({ path, sudo }: FileInput, hidden = false): Fact<'host', TextFile | null> {
  return fileFact({
    ...(hidden ? { key: `secret file ${path}` } : {}),
    path,
    ...(sudo ? { sudo } : {}),
    parse: (file) =>
      file === null
        ? null
        : {
            content: hidden || file.secret === true ? new Secret(file.content) : file.content,
            mode: file.mode,
            owner: file.owner,
            group: file.group,
          },
  });
}

/** The text of a file, whether it is a secret or not. */
export function textOf(file: TextFile): string {
  return file.content instanceof Secret ? file.content.reveal() : file.content;
}

/** Whether a transport could read every byte as text: what is not UTF-8 comes as U+FFFD. */
export function isText(file: TextFile): boolean {
  return !textOf(file).includes('\uFFFD');
}
