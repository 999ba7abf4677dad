import { createIo } from './io.ts';
import { main } from './main.ts';
import { reportError } from './report-error.ts';

process.on('uncaughtException', (error) => {
  void reportError(createIo(process), error, { json: false, debug: process.env.CLAW_DEBUG === '1' }).then(
    (code) => process.exit(code),
  );
});

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
