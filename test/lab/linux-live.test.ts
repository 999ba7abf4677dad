import { type Connection, createLibrary, type JsonObject } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabHost, releasesFor, upHost, whyNoLab } from './support/lab.ts';
import { reach } from './support/try-runbook.ts';

const missing = whyNoLab();
if (missing !== undefined) console.error(`requests and clocks are not tried: ${missing}`);

const library = createLibrary(linux);

/** Answers each path in its own way, and `/late` when nobody waits any more; the clock that it tells is an hour ahead. */
const server = `
import http.server, json, ssl, sys, threading, time
from email.utils import formatdate
class Handler(http.server.BaseHTTPRequestHandler):
    def date_time_string(self, timestamp=None):
        return formatdate(time.time() + (3600 if self.path == '/ahead' else 0), usegmt=True)
    def do_GET(self):
        if self.path == '/late': time.sleep(30)
        who = self.headers.get('Authorization', '').split('.')[-1]
        status = 403 if self.path == '/mine' and who != 'letmein' else 200
        body = json.dumps({'status': 'healthy', 'odd': self.headers.get('X-Odd'), 'method': self.command}).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD': self.wfile.write(body)
    do_POST = do_HEAD = do_GET
    def log_message(self, *_): pass
def serve(port, tls):
    it = http.server.ThreadingHTTPServer(('127.0.0.1', port), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain('/root/live.crt', '/root/live.key')
        it.socket = context.wrap_socket(it.socket, server_side=True)
    threading.Thread(target=it.serve_forever).start()
serve(8080, False)
serve(8443, True)
`;

describe.skipIf(missing !== undefined).each(releasesFor('live'))(
  'on a host of the lab without curl (%s)',
  (release) => {
    let host: LabHost;
    beforeAll(async () => {
      host = await upHost('live', { release });
      await host.sh('cat >/root/live.py', { input: server });
      await host.sh(
        [
          'cd /root',
          `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout live.key -out live.crt -days 2 -subj /CN=head -addext 'subjectAltName=DNS:head' 2>/dev/null`,
          'cp live.crt /etc/live.crt; chmod 644 /etc/live.crt',
          'echo 127.0.0.1 head other >>/etc/hosts',
          'systemd-run -q --unit live python3 /root/live.py',
          'timeout 60 sh -c "until bash -c \': </dev/tcp/127.0.0.1/8443\' 2>/dev/null; do :; done"',
        ].join('; '),
      );
      expect(await host.sh('command -v curl || echo none')).toBe('none');
    });
    afterAll(() => host?.down());

    /** What a check finds, in one line. */
    async function ask(id: string, given: JsonObject): Promise<string> {
      const check = library.get(id);
      if (check?.type !== 'check') throw new Error(`there is no check ${id}`);
      const input = check.input.parse(given);
      const connection: Connection = await reach(host);
      const { signal } = new AbortController();
      const seen: Record<string, unknown> = {};
      for (const [name, fact] of Object.entries(check.facts(input)))
        seen[name] = fact.parse((await connection.read(fact.read, { signal })) as never);
      await connection.close();
      const { verdict, because } = check.expect(input, seen);
      return `${verdict}: ${because}`.replace(/ in \d+ ms/, ' in N ms');
    }
    const http = (url: string, more: JsonObject = {}) => ask('linux.http', { url, ...more });
    const healthy = { json: 'status', value: 'healthy' };
    const ca = '/etc/live.crt';

    it('a server answers by http, headers and method as asked for', async () => {
      expect(await http('http://head:8080/health', healthy)).toBe(
        'pass: http://head:8080/health answers 200 in N ms',
      );
      const odd = { method: 'POST', headers: { 'X-Odd': `it's $HOME` }, json: 'odd', value: `it's $HOME` };
      expect(await http('http://head:8080/', odd)).toMatch(/^pass: /);
      expect(await http('http://head:8080/', { json: 'method', value: 'POST' })).toBe(
        'fail: http://head:8080/: method is "GET", not "POST"',
      );
      expect(await http('http://head:8080/', { method: 'HEAD' })).toMatch(/^pass: /);
    });

    it('a token of a command is sent, and a refusal is told with what was said', async () => {
      const token = { 'token-command': ['printf', 'e30.e30.letmein'] };
      expect(await http('http://head:8080/mine', token)).toMatch(/^pass: /);
      expect(await http('https://head:8443/mine', { ...token, ca, as: 'alice' })).toMatch(/^pass: /);
      expect(await http('http://head:8080/mine')).toContain('it answers 403, not 200: {"status": "healthy"');
      expect(await http('http://head:8080/mine', { 'token-command': ['false'] })).toContain(
        'there is no token',
      );
    });

    it('a server answers by https, and only one whose certificate is trusted and its own', async () => {
      expect(await http('https://head:8443/health', { ...healthy, ca })).toBe(
        'pass: https://head:8443/health answers 200 in N ms',
      );
      expect(await http('https://head:8443/health', healthy)).toMatch(
        /^fail: .*its certificate is not accepted: self[- ]signed certificate/,
      );
      expect(await http('https://other:8443/health', { ...healthy, ca })).toMatch(
        /^fail: .*its certificate is not accepted: hostname mismatch/i,
      );
      expect(await http('https://other:8443/health', { ...healthy, insecure: true })).toMatch(/^pass: /);
    });

    it('a server that does not answer is told apart from one that is late', async () => {
      expect(await http('http://head:9/')).toBe('fail: http://head:9/: it refuses the connection');
      expect(await http('https://head:9/')).toBe('fail: https://head:9/: it refuses the connection');
      expect(await http('http://head:8080/late', { 'timeout-seconds': 1 })).toBe(
        'fail: http://head:8080/late: it did not answer in time',
      );
    });

    it('what neither bash nor openssl can do is said to need curl', async () => {
      expect(await http('http://head:8080/', { proxy: true })).toBe(
        'unknown: http://head:8080/: the host needs curl for that, or wget where it is not HEAD and sends no token (without a proxy, bash does for http and openssl for https)',
      );
    });

    it('the clock of a server is compared with that of the host, whatever its certificate', async () => {
      const skew = (url: string, withinSeconds = 60) => ask('linux.clock-skew', { url, withinSeconds });
      expect(await skew('http://head:8080/')).toMatch(
        /^pass: the clock of the host is \d+\.\d s (behind|ahead of) the server/,
      );
      expect(await skew('https://other:8443/')).toMatch(/^pass: /);
      expect(await skew('https://head:8443/ahead')).toMatch(
        /^fail: the clock of the host is 3(599|600)\.\d s behind/,
      );
      expect(await skew('http://head:9/')).toBe(
        'unknown: http://head:9/ does not say what time it is: it refuses the connection',
      );
    });

    it('without a server to compare with, a host without chrony leaves it open', async () => {
      expect(await ask('linux.clock-skew', {})).toBe(
        'unknown: chrony is not installed: give `url`, the clock of a server to compare with',
      );
    });
  },
);
