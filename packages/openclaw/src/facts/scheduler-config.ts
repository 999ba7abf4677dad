import { type Fact, fileFact, type Json } from '@claw-run/core';
import { parseDocument } from 'yaml';
import { field, textField, textsField } from './yaml-entry.ts';

/** The scheduler's configuration file, as far as denials go. */
export type SchedulerConfig = {
  readonly mode: string;
  readonly login: string;
  readonly authorizedGroups: readonly string[];
  readonly adminGroups: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly listen: readonly string[];
  readonly tls: boolean;
};

export type ConfigFile =
  | { readonly is: 'read'; readonly config: SchedulerConfig }
  | { readonly is: 'absent' }
  | { readonly is: 'broken'; readonly problem: string };

export function schedulerConfig(path: string, sudo: boolean): Fact<'host', ConfigFile> {
  return fileFact({
    key: `scheduler configuration ${path}`,
    path,
    ...(sudo ? { sudo } : {}),
    parse: (file) => (file === null ? { is: 'absent' } : readConfig(file.content)),
  });
}

function readConfig(text: string): ConfigFile {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) {
    const [place] = error.linePos ?? [];
    const [what = ''] = error.message.split('\n');
    return {
      is: 'broken',
      problem: place === undefined ? what : `line ${place.line}, column ${place.col}: ${what}`,
    };
  }
  const value = (document.toJS() as Json) ?? null;
  const listen = textsField(value, 'server', 'listen');
  const ports = listen.flatMap((address) => /:(\d+)$/.exec(address)?.[1] ?? []);
  return {
    is: 'read',
    config: {
      mode: textField(value, 'auth', 'mode') ?? 'groups',
      login: textField(value, 'auth', 'login') ?? 'users',
      authorizedGroups: textsField(value, 'auth', 'authorized_groups'),
      adminGroups: textsField(value, 'auth', 'admin_groups'),
      host: textField(value, 'server', 'host') ?? '',
      port: Number(ports[0] ?? 8080),
      listen,
      tls: field(value, 'server', 'tls') !== undefined,
    },
  };
}
