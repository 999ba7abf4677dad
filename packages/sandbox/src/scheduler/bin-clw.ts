import { clwMain } from './cli/clw.ts';

clwMain(process.argv.slice(2), process).then((code) => {
  process.exitCode = code;
});
