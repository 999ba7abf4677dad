import { exitNow, exitOnceWritten } from './exit.ts';
import { createIo, outputsOf } from './io.ts';
import { main } from './main.ts';
import { reportError } from './report-error.ts';
import { followLauncher } from './run/launched.ts';

const outputs = outputsOf(process);
let telling = false;

process.on('uncaughtException', (error) => {
  // what goes wrong while it is told is not told
  if (telling) exitNow(70);
  telling = true;
  void reportError(createIo(process, outputs), error, {
    json: false,
    debug: process.env.CLAW_DEBUG === '1',
  }).then((code) => exitOnceWritten(outputs, code));
});

followLauncher();
void main(process.argv.slice(2), outputs).then((code) => exitOnceWritten(outputs, code));
