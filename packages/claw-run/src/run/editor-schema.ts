import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/** The schema that an editor loads for the runbooks of a folder. */
export interface EditorSchema {
  readonly path: string;
  /** As a runbook in the folder names it: relative, so that it holds for whoever else has the folder. */
  readonly reference: string;
  /** What is in the file; nothing where there is none yet. */
  readonly text: string | undefined;
}

/** Beside the runbooks, where there is none above. */
const beside = '.claw-run.schema.json';
const kept = join('schema', 'runbook.schema.json');

/** The nearest schema of a folder: beside its runbooks, or in `schema/` there or above, up to the top of the repository, or to where one works. */
export async function editorSchemaOf(folder: string, cwd: string): Promise<EditorSchema> {
  for (const above of await foldersUp(folder, cwd)) {
    for (const name of [beside, kept]) {
      const text = await textOf(join(above, name));
      if (text !== undefined) return { ...placeOf(join(above, name), folder), text };
    }
  }
  return { ...placeOf(join(folder, beside), folder), text: undefined };
}

/** The folder and those above it that are of the same project. */
async function foldersUp(folder: string, cwd: string): Promise<readonly string[]> {
  const all = [folder];
  for (let above = folder; dirname(above) !== above; above = dirname(above)) all.push(dirname(above));
  const tops = await Promise.all(all.map(isRepository));
  const top = tops.includes(true) ? tops.indexOf(true) : all.indexOf(cwd);
  return all.slice(0, Math.max(top, 0) + 1);
}

/** Writes it where there is none. Nothing when that went well, else why it did not. */
export async function writeEditorSchema({ path }: EditorSchema, text: string): Promise<string | undefined> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

function placeOf(path: string, folder: string): Pick<EditorSchema, 'path' | 'reference'> {
  const way = relative(folder, path).split(sep).join('/');
  return { path, reference: way.startsWith('.') && way.includes('/') ? way : `./${way}` };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

async function isRepository(folder: string): Promise<boolean> {
  // A work tree has a file of that name.
  return await stat(join(folder, '.git')).then(
    () => true,
    () => false,
  );
}
