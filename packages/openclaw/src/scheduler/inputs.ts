import * as z from 'zod';

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
  .default('/etc/claw-scheduler/config.yaml')
  .describe("The scheduler's configuration");

export const log = z
  .string()
  .startsWith('/')
  .default('/var/log/claw-scheduler.log')
  .describe("The scheduler's log");

export const service = z.string().min(1).default('claw-scheduler').describe("The scheduler's service");

export const sudo = z
  .boolean()
  .default(true)
  .describe('Work as root; `false` where claw-run is logged in as whom the scheduler runs as');

export const jobFile = z.string().startsWith('/').describe('Absolute path of the job file');

export const queue = z.string().min(1).default('default').describe('Name of the queue');
