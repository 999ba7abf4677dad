import { defineCheck, type Fact, fail, pass, runFact, unknown } from '@claw-run/core';
import * as z from 'zod';
import { type HttpAnswer, httpAnswer } from '../facts/http-answer.ts';
import { failed } from '../lib/exit.ts';

const input = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'A server whose clock to compare with, by its Date header; the time service of the host where absent',
    ),
  withinSeconds: z.number().positive().default(5).describe('The difference that is allowed'),
});

/** Seconds that the host is ahead; `within` is how exactly that is known. Or why it is not known. */
type Skew =
  | { readonly ahead: number; readonly within: number; readonly by: string }
  | { readonly problem: string };

export const clockSkew = defineCheck({
  id: 'linux.clock-skew',
  on: 'host',
  summary: 'The clock of the host is right',
  description:
    'With `url`, the clock of the host against that of an HTTP server, which is what tokens are judged by: a Date header counts whole seconds, so ' +
    'less than about a second is not seen, and the time that the request took is allowed for. Without, what chrony says of itself and NTP; a host ' +
    'whose time service does not say how far off it is leaves it open.',
  input,
  examples: [
    {
      title: 'Tokens of the scheduler are judged rightly',
      with: { url: 'https://claw-head-01:8080/health', withinSeconds: 5 },
    },
    { title: 'By the time service', with: {} },
  ],
  facts: ({ url }) => ({ skew: url === undefined ? byChrony() : byServer(url) }),
  expect: (input, { skew }) => {
    if ('problem' in skew) return unknown(skew.problem);
    const off = Math.abs(skew.ahead);
    const text = `${off.toFixed(1)} s ${skew.ahead < 0 ? 'behind' : 'ahead of'} ${skew.by}`;
    if (off - skew.within > input.withinSeconds) return fail(`the clock of the host is ${text}`, skew);
    return off + skew.within <= input.withinSeconds || off <= input.withinSeconds
      ? pass(`the clock of the host is ${text}`, skew)
      : unknown(`the clock of the host is ${text}, give or take ${skew.within.toFixed(1)} s`, skew);
  },
});

/** No certificate is judged: the clock is asked for because certificates may be refused on account of it. */
function byServer(url: string): Fact<'host', Skew> {
  const answer = httpAnswer({
    url,
    method: 'HEAD',
    headers: {},
    ca: undefined,
    insecure: true,
    proxy: false,
    seconds: 10,
    token: [],
    as: undefined,
  });
  return {
    ...answer,
    key: `clock against ${url}`,
    parse: (raw: never) => skewOf(answer.parse(raw), url),
  };
}

function skewOf(answer: HttpAnswer, url: string): Skew {
  if (!answer.answered) return { problem: `${url} does not say what time it is: ${answer.because}` };
  const date = answer.headers.date ?? '';
  const server = Date.parse(date) / 1000;
  if (Number.isNaN(server))
    return {
      problem: `${url} does not say what time it is: ${date === '' ? 'no Date header' : `Date: ${date}`}`,
    };
  const took = answer.milliseconds / 1000;
  return {
    ahead: answer.startedAt / 1000 + took / 2 - (server + 0.5),
    within: took / 2 + 0.5,
    by: `the server of ${url}`,
  };
}

function byChrony(): Fact<'host', Skew> {
  return runFact({
    key: 'clock against NTP',
    argv: ['chronyc', '-n', 'tracking'],
    parse: (result) => {
      if (result.exit === 127)
        return { problem: 'chrony is not installed: give `url`, the clock of a server to compare with' };
      const [, seconds, way] =
        /^System time\s*:\s*([\d.]+) seconds (fast|slow) of NTP time/m.exec(result.stdout) ?? [];
      if (result.exit !== 0) return { problem: failed('chronyc', result).message };
      if (!/^Leap status\s*:\s*Normal/m.test(result.stdout) || seconds === undefined)
        return { problem: 'chrony is not synchronised with any server' };
      const dispersion = Number(/^Root dispersion\s*:\s*([\d.]+)/m.exec(result.stdout)?.[1] ?? 0);
      return { ahead: way === 'fast' ? Number(seconds) : -Number(seconds), within: dispersion, by: 'NTP' };
    },
  });
}
