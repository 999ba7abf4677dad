import { defineCheck, equal, fail, type Json, parseExactJson, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { keysOf, pathText, yamlPath } from '../edit/yaml-path.ts';
import { type HttpAnswer, httpAnswer } from '../facts/http-answer.ts';

const headerValue = z.string().regex(/^[^\r\n"\\]*$/, 'must be one line without " and \\');

export const http = defineCheck({
  id: 'linux.http',
  on: 'host',
  summary: 'A server answers a request from this host as it should',
  description:
    'Asked by curl, or where that is not there by bash (http), openssl (https) or GNU wget. TLS is verified; no proxy is asked unless told. A bearer token comes from ' +
    'a command on the host and is seen nowhere. The time it took is in the evidence.',
  input: z.strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .regex(/^[^\s"\\@]+$/, 'must be a URL without user and password')
      .describe('http or https'),
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']).default('GET'),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]+$/), headerValue)
      .default({})
      .describe('Headers to send; no secrets: everybody on the host can see the argument lists of processes'),
    'token-command': z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('Command on the host that prints a bearer token, such as [clw, token]'),
    status: z.number().int().min(100).max(599).default(200).describe('Status of the answer'),
    json: yamlPath.optional().describe('Where in a JSON answer something is to be looked for'),
    value: z.json().optional().describe('The value there'),
    contains: z.string().optional().describe('A text that the answer has in it'),
    ca: z.string().startsWith('/').optional().describe('File on the host with the certificates to trust'),
    insecure: z.boolean().default(false).describe('Do not verify TLS: must be said, and shows in the plan'),
    proxy: z.boolean().default(false).describe('Go by the proxies that the environment names'),
    as: z.string().optional().describe('User who asks, in a fresh login session'),
    'timeout-seconds': z.number().int().min(1).max(120).default(10),
  }),
  examples: [
    {
      title: 'The scheduler is healthy',
      with: {
        url: 'https://claw-head-01:8080/health',
        ca: '/etc/claw/ca.crt',
        json: 'status',
        value: 'healthy',
      },
    },
    {
      title: 'Alice is let in',
      with: {
        url: 'http://claw-head-01:8080/api/v1/jobs/status',
        as: 'alice',
        'token-command': ['clw', 'token'],
      },
    },
  ],
  facts: (input) => ({
    answer: httpAnswer({
      warning: warningOf(input),
      url: input.url,
      method: input.method,
      headers: input.headers,
      ca: input.ca,
      insecure: input.insecure,
      proxy: input.proxy,
      seconds: input['timeout-seconds'],
      token: input['token-command'] ?? [],
      as: input.as,
    }),
  }),
  expect: (input, { answer }) => {
    if (!answer.answered)
      return (answer.tool ? fail : unknown)(`${input.url}: ${answer.because}`, { answered: false });
    const evidence = {
      status: answer.status,
      milliseconds: answer.milliseconds,
      by: answer.by,
      body: answer.body.slice(0, 500),
    };
    const wrong = wrongIn(input, answer);
    return wrong === undefined
      ? pass(`${input.url} answers ${answer.status} in ${answer.milliseconds} ms`, evidence)
      : fail(`${input.url}: ${wrong}`, evidence);
  },
});

interface Wanted {
  readonly status: number;
  readonly json?: z.output<typeof yamlPath> | undefined;
  readonly value?: Json | undefined;
  readonly contains?: string | undefined;
}

function wrongIn(
  { status, json, value, contains }: Wanted,
  answer: HttpAnswer & { answered: true },
): string | undefined {
  if (answer.status !== status)
    return `it answers ${answer.status}, not ${status}: ${answer.body.trim().slice(0, 200)}`;
  if (contains !== undefined && !answer.body.includes(contains))
    return `its answer does not have ${JSON.stringify(contains)} in it`;
  if (json === undefined) return undefined;
  const parsed = parsedJson(answer.body);
  if (parsed === undefined) return 'its answer is not JSON';
  const found = keysOf(json).reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? Object.entries(inner).find(([name]) => name === String(key))?.[1]
        : undefined,
    parsed.value,
  );
  if (found === undefined) return `its answer has nothing at ${pathText(keysOf(json))}`;
  return value === undefined || equal(found, value)
    ? undefined
    : `${pathText(keysOf(json))} is ${JSON.stringify(found)}, not ${JSON.stringify(value)}`;
}

function parsedJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: parseExactJson(text) };
  } catch {
    return undefined;
  }
}

/** Said where whoever stands between could answer, or read a token. */
function warningOf(asked: {
  readonly url: string;
  readonly insecure: boolean;
  readonly 'token-command'?: readonly string[] | undefined;
}): string | undefined {
  const token = asked['token-command'] === undefined ? '' : ', and a token is sent there';
  if (asked.insecure && /^https:/i.test(asked.url))
    return `the certificate of ${asked.url} is not checked (insecure: true)${token}`;
  return token !== '' && /^http:/i.test(asked.url) ? `a token goes to ${asked.url} in clear` : undefined;
}
