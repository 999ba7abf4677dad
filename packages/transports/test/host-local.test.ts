import { userInfo } from 'node:os';
import { execa } from 'execa';
import { connectLocal } from '../src/index.ts';
import { describeHostContract } from './host-contract.ts';

const { PATH } = process.env;

for (const sh of [['sh'], ['bash']] as const) {
  describeHostContract(
    `the machine itself, by ${sh[0]}`,
    async (settings) => connectLocal({ ...settings, env: { PATH }, sh }),
    async () => ({
      sh: async (line) =>
        (await execa('sh', ['-c', line], { stdin: 'ignore', stripFinalNewline: false })).stdout,
      user: userInfo().username,
      sudo: false,
    }),
  );
}
