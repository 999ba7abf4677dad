import { schedulerdMain } from './daemon/main.ts';

schedulerdMain(process.argv.slice(2)).then((code) => {
  process.exit(code);
});
