import { describe, expect, test } from 'vitest';
import { makeLibrary } from './support/graded.ts';

describe('transports', () => {
  const library = (exit: string) => `
import { childEnv, connectHost, defineTransport, processChannel } from 'claw-run';
export const shed = defineTransport({
  scheme: 'shed',
  summary: 'A shell of this machine',
  async connect(_url, settings) {
    const host = connectHost({
      ...settings,
      shell: {
        open: async () => processChannel(['sh'], childEnv(settings.env), ({ exit }) => ({ end: 'exited', exit: exit ?? 137 })),
        close: () => Promise.resolve(),
      },
    });
    const read = async (wanted, options) => {
      const said = await host.read(wanted, options);
      return wanted.read === 'run' ? { ...said, exit: ${exit} } : said;
    };
    return { ...host, read };
  },
});
`;
  const at = ['--target', 'shed=shed://here', '--target', 'beside=local', '--yes'];

  test('are held to the contract of hosts where one is named', async () => {
    const { grade } = await makeLibrary({ 'steps.ts': library('said.exit') });
    const { failed, untried, grade: found } = await grade(at);
    expect({ failed, found }).toEqual({ failed: [], found: 'incomplete' });
    expect(new Set(untried)).toEqual(new Set(['shed: no sudo here', 'shed: nobody else here']));
    expect(await grade()).toMatchObject({ exit: 0, untried: ['shed: no host; --target shed=shed://…'] });
  });

  test('that break it are told by the claim that does not hold', async () => {
    const { grade } = await makeLibrary({ 'steps.ts': library('said.exit === 126 ? 127 : said.exit') });
    expect(await grade(at)).toMatchObject({
      exit: 4,
      failed: ['shed: a command gives its exit status and both outputs, whatever the status'],
    });
  });
});
