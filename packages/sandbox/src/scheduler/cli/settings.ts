import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { Failure } from './failure.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** `~/.claw/config.yaml`: who is logged in where. */
export interface UserConfig {
  readonly server?: string;
  readonly username?: string;
  readonly token?: string;
  readonly expires_at?: string;
  /** The path of the CA's certificate. */
  readonly ca?: string;
}

/** `/etc/claw/client.yaml`: what holds for everyone on a host. */
export interface SiteConfig {
  readonly server?: string;
  readonly ca?: string;
  readonly container?: 'root' | 'keep-id';
}

export interface Settings {
  readonly user: UserConfig;
  readonly site: SiteConfig;
  readonly folder: string;
}

/** Reads both files; absent ones are empty. @throws Failure for one that cannot be read or used */
export async function readSettings(env: Env): Promise<Settings> {
  const folder = join(env.HOME || homedir(), '.claw');
  const sitePath = env.CLAW_CLIENT_CONFIG || '/etc/claw/client.yaml';
  const [user, site] = await Promise.all([readMapping(join(folder, 'config.yaml')), readMapping(sitePath)]);
  const keys = ['server', 'username', 'token', 'expires_at', 'ca'] as const;
  const texts = Object.fromEntries(keys.flatMap((key) => textOf(user, key)));
  const container = site.container as { user?: unknown } | undefined;
  const inside = container?.user;
  if (container !== undefined && inside !== 'root' && inside !== 'keep-id')
    throw new Failure('clw-config-invalid', `${sitePath}: container.user is neither root nor keep-id`);
  return {
    folder,
    user: texts,
    site: {
      ...Object.fromEntries([...textOf(site, 'server'), ...textOf(site, 'ca')]),
      ...((inside === 'root' || inside === 'keep-id') && { container: inside }),
    },
  };
}

/** Writes `~/.claw/config.yaml`, for its owner only. */
export async function writeUserConfig(folder: string, config: UserConfig): Promise<void> {
  const path = join(folder, 'config.yaml');
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const beside = `${path}.${process.pid}`;
    await writeFile(beside, stringify(config), { mode: 0o600 });
    await rename(beside, path);
  } catch (error) {
    throw new Failure('clw-config-invalid', `${path} cannot be written: ${codeOf(error)}`, { cause: error });
  }
}

/** Takes `~/.claw/config.yaml` away. */
export async function removeUserConfig(folder: string): Promise<void> {
  await rm(join(folder, 'config.yaml'), { force: true });
}

/** The password that is kept for logins without a terminal, if any. */
export async function readCredentials(folder: string): Promise<string | undefined> {
  const text = await readIfThere(join(folder, 'credentials'));
  return text?.replace(/\r?\n$/, '');
}

/** Adds a line to `~/.claw/clw.log`; where that cannot be, the command goes on without. */
export async function logFailure(folder: string, now: Date, what: string): Promise<void> {
  const line = `[ERROR] ${now.toISOString().replace(/\.\d+Z$/, 'Z')}: ${what.replaceAll(/\s+/g, ' ').trim()}\n`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await appendFile(join(folder, 'clw.log'), line, { mode: 0o600 });
  } catch {
    // the message on the terminal says the same
  }
}

/** The text of a CA's certificate. @throws Failure */
export async function readCa(path: string): Promise<string> {
  const text = await readIfThere(path);
  if (text === undefined) throw new Failure('clw-config-invalid', `ca: ${path} is not there`);
  return text;
}

async function readMapping(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readIfThere(path);
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (error) {
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new Failure('clw-config-invalid', `${path}: ${line}`, { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Failure('clw-config-invalid', `${path} is not a mapping`);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    const where = dirname(path);
    throw new Failure('clw-config-invalid', `${path} cannot be read: ${codeOf(error)} (see ${where})`, {
      cause: error,
    });
  }
}

function textOf(mapping: Readonly<Record<string, unknown>>, key: string): [string, string][] {
  const value = mapping[key];
  return typeof value === 'string' && value !== '' ? [[key, value]] : [];
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
