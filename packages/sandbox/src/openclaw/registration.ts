import { X509Certificate } from 'node:crypto';
import { generateIdentity, matches, patternProblem } from './identity.ts';
import type { SecurityPolicy, WorkerConfig } from './settings.ts';
import { readToken } from './token.ts';
import { timestamp } from './workloads.ts';

/** What a worker shows when it registers: what it read at its start, and where its pod really is. */
export interface Registration {
  readonly pod: string;
  readonly podUid: string;
  readonly podNamespace: string;
  readonly serviceAccount: string;
  readonly config: WorkerConfig;
  readonly env: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly caBundle?: string;
  readonly clientCertificate?: string;
}

/** What the cluster knows and can ask. The reviews go to the API server. */
export interface RegistrationDesk {
  readonly policy: SecurityPolicy | undefined;
  readonly ca: string | undefined;
  readonly now: Date;
  reviewToken(token: string, audience: string): Promise<TokenVerdict>;
  /** True when the account may do all that a worker does in that namespace. */
  mayWork(namespace: string, serviceAccount: string): Promise<boolean>;
  /** Takes the identity for the pod; false when another live worker holds it. */
  claim(identity: string, podUid: string): boolean;
}

export interface TokenVerdict {
  readonly authenticated: boolean;
  readonly username?: string;
}

export type Violation = 'identity' | 'namespace' | 'token' | 'certificate' | 'rbac' | 'duplicate';

export type Decision =
  | { readonly accepted: true }
  | {
      readonly accepted: false;
      readonly violation: Violation;
      readonly reason: string;
      /** What the worker logs before the denial. */
      readonly cause?: string;
    };

/** The identity a worker takes; the configured pattern as it stands when nothing can be made of it. */
export function identityOf({ config, podUid }: Registration): string {
  if (config.identityGeneration === 'static' && config.identity !== undefined) return config.identity;
  const pattern = config.identityPattern;
  return patternProblem(pattern) === undefined ? generateIdentity(pattern, podUid) : pattern;
}

/** Decides a registration: the first violation in the order of the contract, or acceptance. */
export async function decideRegistration(worker: Registration, desk: RegistrationDesk): Promise<Decision> {
  const { policy } = desk;
  if (policy === undefined) return denied('identity', 'the cluster has no readable security policy');
  return (
    identityViolation(worker, policy) ??
    namespaceViolation(worker, policy) ??
    (await tokenViolation(worker, policy, desk)) ??
    certificateViolation(worker, policy, desk) ??
    (await rbacViolation(worker, policy, desk)) ??
    duplicateViolation(worker, desk) ?? { accepted: true }
  );
}

function identityViolation(worker: Registration, policy: SecurityPolicy): Decision | undefined {
  const own = worker.env.WORKER_IDENTITY_PATTERN || undefined;
  for (const pattern of [own, worker.config.identityPattern]) {
    const problem = pattern === undefined ? undefined : patternProblem(pattern);
    if (problem !== undefined) return denied('identity', `invalid identity pattern '${pattern}': ${problem}`);
  }
  const identity = identityOf(worker);
  const accepted =
    (own === undefined || matches(own, identity)) &&
    policy.identityPatterns.some((pattern) => matches(pattern, identity));
  if (accepted) return undefined;
  const namespace = worker.podNamespace;
  return denied('identity', `Worker identity does not match allowed patterns for namespace '${namespace}'`);
}

function namespaceViolation(worker: Registration, policy: SecurityPolicy): Decision | undefined {
  const claimed = worker.env.CLAW_NAMESPACE || worker.config.namespace || worker.podNamespace;
  const accepted = claimed === worker.podNamespace && policy.allowedNamespaces.includes(claimed);
  if (accepted) return undefined;
  const where = `pod runs in '${worker.podNamespace}'`;
  return denied('namespace', `Worker namespace '${claimed}' is not accepted (${where})`);
}

async function tokenViolation(worker: Registration, policy: SecurityPolicy, desk: RegistrationDesk) {
  const refused = (cause: string) =>
    denied('token', 'Authentication token is not accepted', `clw-auth-invalid: ${cause}`);
  const claims = readToken(worker.token);
  if (worker.token === undefined || claims === undefined)
    return refused('Token signature verification failed');
  if (claims.expires !== undefined && claims.expires <= desk.now) {
    return refused(`Token expired at ${timestamp(claims.expires)}`);
  }
  const account = `system:serviceaccount:${worker.podNamespace}:${worker.serviceAccount}`;
  if (claims.subject !== account) {
    return refused(`Token belongs to '${claims.subject}', the pod runs as '${account}'`);
  }
  const verdict = await desk.reviewToken(worker.token, policy.tokenAudience);
  if (!verdict.authenticated || verdict.username !== account)
    return refused('Token signature verification failed');
  return undefined;
}

function certificateViolation(worker: Registration, policy: SecurityPolicy, desk: RegistrationDesk) {
  if (policy.mtls !== 'strict') return undefined;
  const unknown = denied('certificate', 'x509: certificate signed by unknown authority');
  const ca = certificates(desk.ca)[0];
  const client = certificates(worker.clientCertificate)[0];
  if (ca === undefined || client === undefined) return unknown;
  const trusted = certificates(worker.caBundle).some((known) => known.fingerprint256 === ca.fingerprint256);
  if (worker.config.tlsVerify && !trusted) return unknown;
  const current = client.validFromDate <= desk.now && desk.now < client.validToDate;
  return current && client.verify(ca.publicKey) ? undefined : unknown;
}

async function rbacViolation(worker: Registration, policy: SecurityPolicy, desk: RegistrationDesk) {
  if (await desk.mayWork(worker.podNamespace, worker.serviceAccount)) return undefined;
  const account = `Pod service account '${worker.serviceAccount}'`;
  return denied('rbac', `${account} does not have required cluster role '${policy.requiredClusterRole}'`);
}

function duplicateViolation(worker: Registration, desk: RegistrationDesk): Decision | undefined {
  const claimed = desk.claim(identityOf(worker), worker.podUid);
  return claimed ? undefined : denied('duplicate', 'identity already registered');
}

function denied(violation: Violation, reason: string, cause?: string): Decision {
  return { accepted: false, violation, reason, ...(cause && { cause }) };
}

function certificates(pem: string | undefined): readonly X509Certificate[] {
  const blocks = pem?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}
