import { describeHostContract } from '@claw-run/testing';
import { connectLocal } from '../src/index.ts';
import { thisMachine } from './this-machine.ts';

const { PATH } = process.env;

for (const sh of [['sh'], ['bash']] as const) {
  describeHostContract(
    `the machine itself, by ${sh[0]}`,
    async (settings) => connectLocal({ ...settings, env: { PATH }, sh }),
    thisMachine,
  );
}
