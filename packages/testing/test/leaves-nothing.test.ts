import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectLocal } from '@claw-run/transports';
import { afterAll, expect, vi } from 'vitest';
import { describeLaws } from '../src/index.ts';
import { line } from './steps/line.ts';

const folder = mkdtempSync(join(tmpdir(), 'claw-run-leaves-'));
const path = join(folder, 'hosts');
vi.stubEnv('TMPDIR', folder);

// after the hooks of the laws, which were registered later
afterAll(() => {
  vi.unstubAllEnvs();
  const left = readdirSync(folder);
  rmSync(folder, { recursive: true, force: true });
  expect(left.filter((name) => !['hosts', 'locks'].includes(name))).toEqual([]);
});

describeLaws(
  [
    {
      title: 'journals and their key are cleared away',
      definition: line,
      with: { path, line: 'b' },
      before: async () => {
        await writeFile(path, 'a\n');
        return undefined;
      },
    },
  ],
  {
    connect: async () => connectLocal({ env: { PATH: process.env.PATH }, lockFolder: join(folder, 'locks') }),
  },
);
