import { openclawCli } from '../../src/openclaw/cli.ts';

process.exitCode = await openclawCli(process.argv.slice(2), process);
