import { describe, expect, test } from 'vitest';
import { readIdentity } from '../../src/scheduler/cli/identity.ts';
import { proxyFor } from '../../src/scheduler/cli/proxy-for.ts';

describe('the proxy of a URL', () => {
  const https = new URL('https://claw-head-01:8080/x');
  const HTTP_PROXY = 'http://proxy:3128';

  test.each([
    [{}, undefined],
    [{ HTTP_PROXY }, 'http://proxy:3128/'],
    [{ http_proxy: 'proxy:1' }, 'http://proxy:1/'],
    [{ HTTP_PROXY, HTTPS_PROXY: 'http://other:1' }, 'http://other:1/'],
    [{ ALL_PROXY: 'http://all:1' }, 'http://all:1/'],
    [{ HTTP_PROXY: '' }, undefined],
    [{ HTTP_PROXY, NO_PROXY: '*' }, undefined],
    [{ HTTP_PROXY, NO_PROXY: 'localhost, claw-head-01' }, undefined],
    [{ HTTP_PROXY, no_proxy: 'claw-head-01:8080' }, undefined],
    [{ HTTP_PROXY, NO_PROXY: 'claw-head-01:9090' }, 'http://proxy:3128/'],
    [{ HTTP_PROXY, NO_PROXY: 'head-01' }, 'http://proxy:3128/'],
  ])('by %j', (env, proxy) => {
    expect(proxyFor(https, env)?.href).toBe(proxy);
  });

  test('HTTPS_PROXY is not for http, and a domain stands for its hosts', () => {
    const http = new URL('http://head.site.test/');
    expect(proxyFor(http, { HTTPS_PROXY: 'http://other:1' })).toBeUndefined();
    expect(proxyFor(http, { HTTP_PROXY, NO_PROXY: '.site.test' })).toBeUndefined();
    expect(proxyFor(http, { HTTP_PROXY, NO_PROXY: 'site.test' })).toBeUndefined();
    expect(proxyFor(http, { HTTP_PROXY, NO_PROXY: 'te.test' })?.host).toBe('proxy:3128');
  });
});

describe('the identity of a client', () => {
  test('is that of its process', () => {
    const { uid, gids } = readIdentity({ USER: 'alice' });
    expect({ uid, gids }).toEqual({
      uid: process.getuid?.(),
      gids: [...new Set([process.getegid?.(), ...(process.getgroups?.() ?? [])])].sort(
        (a = 0, b = 0) => a - b,
      ),
    });
  });

  test('is as the practice head node says, on one', () => {
    expect(readIdentity({ USER: 'alice', CLAW_PRACTICE_IDENTITY: '1001:1001,2000' })).toEqual({
      user: 'alice',
      uid: 1001,
      gids: [1001, 2000],
    });
  });
});
