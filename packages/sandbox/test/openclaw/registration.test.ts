import { SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority } from '../../src/openclaw/certificates.ts';
import {
  decideRegistration,
  type Registration,
  type RegistrationDesk,
} from '../../src/openclaw/registration.ts';
import { parsePolicy, parseWorkerConfig } from '../../src/openclaw/settings.ts';
import { expiredToken } from '../../src/openclaw/token.ts';
import { policyText } from '../../src/openclaw/world-cluster-side.ts';
import { workerConfigText } from '../../src/openclaw/world-worker-side.ts';

const now = new Date('2025-01-15T10:42:18Z');
const account = 'system:serviceaccount:production:openclaw-worker-sa';
const pattern = 'worker-[a-z0-9]{8}-[a-z0-9]{4}';

let ca: Authority;
let worker: Registration;
let desk: RegistrationDesk;

beforeAll(async () => {
  ca = await createAuthority('openclaw-ca');
  const around = { notBefore: new Date('2025-01-01'), notAfter: new Date('2025-02-01') };
  const client = await ca.issue({ commonName: 'openclaw-worker', usage: 'client', ...around });
  worker = {
    pod: 'openclaw-worker-1',
    podUid: 'uid-1',
    podNamespace: 'production',
    serviceAccount: 'openclaw-worker-sa',
    config: parseWorkerConfig(workerConfigText({ namespace: 'production', identityPattern: pattern }))!,
    env: { CLAW_NAMESPACE: 'production', WORKER_IDENTITY_PATTERN: `^${pattern}$` },
    token: await token(account, '1h'),
    caBundle: ca.certificate,
    clientCertificate: client.certificate,
  };
  desk = {
    policy: parsePolicy(policyText('production', `^${pattern}$`)),
    ca: ca.certificate,
    now,
    reviewToken: async () => ({ authenticated: true, username: account }),
    mayWork: async () => true,
    claim: () => true,
  };
});

const token = (subject: string, expires: string) =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subject)
    .setIssuedAt(now)
    .setExpirationTime(new Date(now.getTime() + Number.parseInt(expires, 10) * 3_600_000))
    .sign(new Uint8Array(32));

const decide = (changes: Partial<Registration> = {}, deskChanges: Partial<RegistrationDesk> = {}) =>
  decideRegistration({ ...worker, ...changes }, { ...desk, ...deskChanges });

const denied = (violation: string, reason: string, cause?: string) => ({
  accepted: false,
  violation,
  reason,
  ...(cause && { cause }),
});

const mismatch = "Worker identity does not match allowed patterns for namespace 'production'";
const tokenRefused = 'Authentication token is not accepted';
const unknownAuthority = 'x509: certificate signed by unknown authority';

test('a worker that meets the policy is let in', async () => {
  expect(await decide()).toEqual({ accepted: true });
});

describe('the identity', () => {
  test('has to match one of the allowed patterns', async () => {
    const config = { ...worker.config, identityPattern: 'wrk_[a-z0-9]{8}' };
    expect(await decide({ config, env: {} })).toEqual(denied('identity', mismatch));
    const two = { ...desk.policy!, identityPatterns: [...desk.policy!.identityPatterns, '^wrk_'] };
    expect(await decide({ config, env: {} }, { policy: two })).toEqual({ accepted: true });
  });

  test('has to match the worker’s own pattern', async () => {
    expect(await decide({ env: { WORKER_IDENTITY_PATTERN: '^other-' } })).toEqual(
      denied('identity', mismatch),
    );
  });

  test('is refused with a pattern that does not compile', async () => {
    expect(await decide({ env: { WORKER_IDENTITY_PATTERN: '^worker-[a-z' } })).toEqual(
      denied(
        'identity',
        "invalid identity pattern '^worker-[a-z': error parsing regexp: missing closing ]: `[a-z`",
      ),
    );
  });

  test('is refused when another worker holds it', async () => {
    expect(await decide({}, { claim: () => false })).toEqual(
      denied('duplicate', 'identity already registered'),
    );
  });
});

describe('the namespace', () => {
  const reason = "Worker namespace 'staging' is not accepted (pod runs in 'production')";

  test('that the environment claims wins over the configured one', async () => {
    expect(await decide({ env: { CLAW_NAMESPACE: 'staging' } })).toEqual(denied('namespace', reason));
    const config = { ...worker.config, namespace: 'staging' };
    expect(await decide({ config, env: {} })).toEqual(denied('namespace', reason));
    expect(await decide({ config })).toEqual({ accepted: true });
  });

  test('has to be allowed', async () => {
    const policy = { ...desk.policy!, allowedNamespaces: ['other'] };
    expect(await decide({}, { policy })).toMatchObject({ violation: 'namespace' });
  });
});

describe('the token', () => {
  const unsigned = 'clw-auth-invalid: Token signature verification failed';

  test('has to be there, well-formed and confirmed by the API server', async () => {
    expect(await decide({ token: 'nonsense' })).toEqual(denied('token', tokenRefused, unsigned));
    const { token: _, ...without } = worker;
    expect(await decideRegistration(without, desk)).toEqual(denied('token', tokenRefused, unsigned));
    const reviewToken = async () => ({ authenticated: false });
    expect(await decide({}, { reviewToken })).toEqual(denied('token', tokenRefused, unsigned));
  });

  test('is refused after its time', async () => {
    const old = await expiredToken('production', 'openclaw-worker-sa', now);
    const cause = 'clw-auth-invalid: Token expired at 2025-01-15T09:42:18Z';
    expect(await decide({ token: old })).toEqual(denied('token', tokenRefused, cause));
  });

  test('has to belong to the account that the pod runs as', async () => {
    const other = 'system:serviceaccount:production:default';
    expect(await decide({ token: await token(other, '1h') })).toEqual(
      denied(
        'token',
        tokenRefused,
        `clw-auth-invalid: Token belongs to '${other}', the pod runs as '${account}'`,
      ),
    );
  });
});

describe('the certificates', () => {
  test('have to be of today’s CA', async () => {
    const next = await createAuthority('openclaw-ca');
    expect(await decide({}, { ca: next.certificate })).toEqual(denied('certificate', unknownAuthority));
    const both = { caBundle: worker.caBundle + next.certificate };
    expect(await decide(both, { ca: next.certificate })).toEqual(denied('certificate', unknownAuthority));
    expect(await decide(both)).toEqual({ accepted: true });
  });

  test('have to be within their time', async () => {
    expect(await decide({}, { now: new Date('2024-12-31') })).toEqual(
      denied('certificate', unknownAuthority),
    );
  });

  test('do not matter where mTLS is not strict', async () => {
    expect(await decide({ caBundle: '' }, { policy: { ...desk.policy!, mtls: 'off' } })).toEqual({
      accepted: true,
    });
  });
});

test('rights are asked for as the account of the pod', async () => {
  const asked: string[] = [];
  const mayWork = async (namespace: string, name: string) => {
    asked.push(`${namespace}/${name}`);
    return false;
  };
  const reason =
    "Pod service account 'openclaw-worker-sa' does not have required cluster role 'openclaw-worker'";
  expect(await decide({}, { mayWork })).toEqual(denied('rbac', reason));
  expect(asked).toEqual(['production/openclaw-worker-sa']);
});

test('without a readable policy nobody is let in', async () => {
  expect(await decide({}, { policy: parsePolicy(': [') })).toMatchObject({ accepted: false });
});
