import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Secret } from '@claw-run/core';
import { UsageError } from '../cli/usage-error.ts';
import type { Io } from '../io.ts';

/**
 * Takes a secret from where a flag says: `env:NAME`, `file:PATH` or `prompt`. What stands there is never repeated: it may be the secret itself, put there by mistake.
 * @throws UsageError
 */
export async function secretFrom(
  source: string,
  { flag, question, io }: { flag: string; question: string; io: Io },
): Promise<Secret> {
  const [kind, ...rest] = source.split(':');
  const name = rest.join(':');
  if (source === 'prompt') {
    if (!io.canAsk)
      throw new UsageError(
        `--${flag} prompt: there is no terminal to ask on`,
        `give it with --${flag} env:NAME or --${flag} file:PATH`,
      );
    const { askSecret } = await import('../prompt.ts');
    return known(await askSecret(io, question), io);
  }
  checkSource(source, flag);
  if (kind === 'env') io.hideVariable(name);
  const text = kind === 'env' ? io.env[name] : await textOf(resolve(io.cwd, name), flag, name);
  if (text === undefined || text === '')
    throw new UsageError(
      kind === 'env' ? `--${flag}: the variable ${name} is not set` : `--${flag}: the file ${name} is empty`,
    );
  return known(text, io);
}

/** Whether a text is a source at all. It has to be asked before the text is shown or kept anywhere. @throws UsageError */
export function checkSource(source: string, flag: string): void {
  if (source !== 'prompt' && !/^(env|file):./s.test(source))
    throw new UsageError(`--${flag} takes env:NAME, file:PATH or prompt`, 'never the secret itself');
}

function known(text: string, io: Io): Secret {
  const secret = new Secret(text);
  io.redactor.add(secret);
  return secret;
}

async function textOf(path: string, flag: string, name: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--${flag}: the file ${name} cannot be read: ${error.code}`);
  });
  return text.replace(/\r?\n$/, '');
}
