import * as z from 'zod';

export const partition = z
  .string()
  .regex(/^[A-Za-z0-9_.-]+$/, 'must be the name of one partition')
  .describe('Name of the partition');

export const user = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.@-]*\$?$/, 'must be the name of a user')
  .describe('Name of the user');

export const group = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_. @-]*$/, 'must be the name of a group')
  .describe('Name of the group');

export const config = z
  .string()
  .startsWith('/')
  .default('/etc/slurm/slurm.conf')
  .describe('The file with the line of the partition: slurm.conf, or one that it includes');

export const sudo = z
  .boolean()
  .default(true)
  .describe('Work as root; `false` where claw-run is logged in as the Slurm administrator');
