import process from 'node:process';
import { openclawCli } from '@claw-run/sandbox';

// What the sandbox's `openclaw` runs, without a built claw-run.
process.exitCode = await openclawCli(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
});
