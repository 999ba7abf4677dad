import { Secret } from '@claw-run/core';
import * as z from 'zod';

/** A name that getent, usermod and their like take for a name: never for a number, an option or two fields. */
const accountName = z
  .string()
  .max(256)
  .regex(
    /^(?!-)(?!\d+$)[^\s:,/]+$/,
    'must be a name: no number, no blank, none of `:`, `,`, `/`, and no `-` at its start',
  );

export const userName = accountName.describe('Name of the user');
export const groupName = accountName.describe('Name of the group');

/** The name of a unit; without a suffix a service is meant, as systemctl takes it. */
export const unitName = z
  .string()
  .regex(/^(?!-)[A-Za-z0-9:_.\\@-]+$/, 'must be the name of a unit')
  .transform((name) =>
    /\.(service|socket|timer|path|mount|target|slice|scope)$/.test(name) ? name : `${name}.service`,
  )
  .describe('The unit; `.service` may be left out');

/** An absolute path. */
export const absolutePath = z.string().regex(/^\/[^\0\n]*$/, 'must be an absolute path');

/** The words of a command. */
export const argv = z.tuple([z.string().min(1)], z.string());

/** Where a group's directory is and how to change it; what is left out is taken from sssd's own configuration on the host. */
export const directory = z
  .strictObject({
    uri: z
      .string()
      .regex(/^ldap[si]?:\/\//, 'must begin with ldap://, ldaps:// or ldapi://')
      .optional()
      .describe('URI of the LDAP server as the host reaches it'),
    base: z.string().min(1).optional().describe('Where groups and users are looked for'),
    bindDn: z.string().min(1).optional().describe('Who changes the group'),
    password: z
      .union([z.instanceof(Secret), z.string().transform((text) => new Secret(text))])
      .optional()
      .describe('Password of `bindDn`; goes through standard input'),
    passwordFile: absolutePath
      .optional()
      .describe('File on the host with the password of `bindDn` and nothing else, no line end either'),
    external: z
      .boolean()
      .default(false)
      .describe('Log in by SASL EXTERNAL (root at ldapi://, or a client certificate)'),
    startTls: z.boolean().optional().describe('Insist on StartTLS'),
    schema: z
      .enum(['rfc2307', 'rfc2307bis'])
      .optional()
      .describe('`memberUid` with names, or `member` with DNs; told by the group itself where absent'),
  })
  .prefault({});

export type DirectoryInput = z.output<typeof directory>;
