import { expect, test } from 'vitest';

test.each(['core', 'runbook', 'engine', 'transports', 'kubernetes', 'openclaw', 'linux', 'slurm', 'sandbox'])(
  'the public surface of @claw-run/%s is this list',
  async (name) => {
    const surface = (await import(`@claw-run/${name}`)) as object;
    expect(Object.keys(surface).toSorted()).toMatchSnapshot();
  },
);

test('the public surface of claw-run is this list', async () => {
  expect(Object.keys(await import('claw-run')).toSorted()).toMatchSnapshot();
});
