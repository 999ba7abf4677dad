import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@claw-run/testing';
import { stringify } from 'yaml';
import { makeCertificates } from './certificates.ts';
import { freePorts } from './ports.ts';

/** A kube-apiserver with its etcd, for one test file. */
export interface RealApiServer {
  readonly url: string;
  /** A file: an administrator. */
  readonly kubeconfig: string;
  /** A file: a user, `nobody`, with no rights but those that everyone has. */
  readonly nobody: string;
  /** The file of one of the users that were asked for. */
  readonly kubeconfigFor: (user: string) => string;
  /** A file: audit events, one JSON line each, without bodies. */
  readonly auditLog: string;
  /** PEM: the CA of the certificate that the server shows to kubelets. */
  readonly kubeletClientCa: string;
  /** Ends every process and removes every file. */
  readonly close: () => Promise<void>;
}

export interface RealApiServerOptions {
  /** Controllers to run, as kube-controller-manager names them: `['namespace', 'garbagecollector']`. */
  readonly controllers?: readonly string[];
  /** Users besides, without rights. */
  readonly users?: readonly string[];
  /** Lets the server refuse pods of accounts that do not exist, and mount tokens. */
  readonly accountAdmission?: boolean;
  readonly readyWithinSeconds?: number;
}

const binaries = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const;

/** Why no real API server can be started here, or nothing. */
export function whyNoApiServer(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folder = env.KUBEBUILDER_ASSETS;
  if (!folder) return 'KUBEBUILDER_ASSETS is not set: it names the folder of kube-apiserver and etcd';
  const missing = binaries.filter((name) => !existsSync(join(folder, name)));
  return missing.length === 0 ? undefined : `${folder} (KUBEBUILDER_ASSETS) lacks ${missing.join(', ')}`;
}

/** Starts etcd, kube-apiserver and, where controllers are asked for, kube-controller-manager on free ports of loopback. */
export async function startRealApiServer(options: RealApiServerOptions = {}): Promise<RealApiServer> {
  const why = whyNoApiServer();
  if (why !== undefined) throw new Error(why);
  const assets = process.env.KUBEBUILDER_ASSETS ?? '';
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-cluster-'));
  const file = (name: string) => join(folder, name);
  const [port = 0, etcdPort = 0, peerPort = 0, managerPort = 0] = await freePorts(4);
  const url = `https://127.0.0.1:${port}`;
  const processes: ChildProcess[] = [];
  const start = (name: (typeof binaries)[number], flags: Flags) => {
    const log = openSync(file(`${name}.log`), 'a', 0o600);
    const child = spawn(join(assets, name), flagsOf(flags), { stdio: ['ignore', log, log] });
    closeSync(log);
    processes.push(child);
  };
  const close = async () => {
    // the newest first, so that nothing retries against what is gone
    for (const child of processes.toReversed()) await stop(child);
    await rm(folder, { recursive: true, force: true });
  };

  try {
    await makeCertificates(folder);
    const names = ['admin', 'nobody', ...(options.users ?? [])];
    const tokens = new Map(names.map((name) => [name, randomBytes(16).toString('hex')]));
    const admin = tokens.get('admin') ?? '';
    const lines = [...tokens].map(
      ([name, token]) => `${token},${name},${name},${name === 'admin' ? 'system:masters' : ''}\n`,
    );
    await writeFile(file('tokens.csv'), lines.join(''), { mode: 0o600 });
    await writeFile(
      file('audit.yaml'),
      'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: Metadata }]\n',
    );
    for (const [user, token] of tokens)
      await writeFile(file(user), await kubeconfigOf(folder, url, token), { mode: 0o600 });
    start('etcd', etcdFlags(folder, etcdPort, peerPort));
    start('kube-apiserver', {
      ...apiServerFlags(folder, port, etcdPort),
      ...(options.accountAdmission ? {} : { 'disable-admission-plugins': 'ServiceAccount' }),
    });
    await until(
      'the API server is ready',
      async () => {
        if (processes.some(hasEnded)) throw new Error(`it died: ${await lastWords(folder)}`);
        return (
          (await ask(`${url}/readyz`, folder, admin)) &&
          (await ask(`${url}/api/v1/namespaces/default`, folder, admin))
        );
      },
      options.readyWithinSeconds ?? 60,
    );
    if (options.controllers !== undefined)
      start('kube-controller-manager', managerFlags(folder, managerPort, options.controllers));
    return {
      url,
      kubeconfig: file('admin'),
      nobody: file('nobody'),
      kubeconfigFor: file,
      auditLog: file('audit.log'),
      kubeletClientCa: await readFile(file('ca.crt'), 'utf8'),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Ends a process, by force where it does not end by itself. */
async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(force);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

type Flags = { readonly [name: string]: string | number | boolean };

function flagsOf(flags: Flags): readonly string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

function etcdFlags(folder: string, port: number, peerPort: number): Flags {
  const [clients, peers] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  return {
    name: 'default',
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': clients,
    'advertise-client-urls': clients,
    'listen-peer-urls': peers,
    'initial-advertise-peer-urls': peers,
    'initial-cluster': `default=${peers}`,
    logger: 'zap',
    'log-level': 'warn',
    'unsafe-no-fsync': true,
  };
}

function apiServerFlags(folder: string, port: number, etcdPort: number): Flags {
  const file = (name: string) => join(folder, name);
  return {
    'etcd-servers': `http://127.0.0.1:${etcdPort}`,
    'bind-address': '127.0.0.1',
    'advertise-address': '127.0.0.1',
    'secure-port': port,
    'endpoint-reconciler-type': 'none',
    'tls-cert-file': file('server.crt'),
    'tls-private-key-file': file('server.key'),
    'client-ca-file': file('ca.crt'),
    'kubelet-client-certificate': file('server.crt'),
    'kubelet-client-key': file('server.key'),
    'token-auth-file': file('tokens.csv'),
    'authorization-mode': 'RBAC',
    'allow-privileged': true,
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': file('accounts.key'),
    'service-account-signing-key-file': file('accounts.key'),
    'service-cluster-ip-range': '10.0.0.0/24',
    'cert-dir': folder,
    'audit-policy-file': file('audit.yaml'),
    'audit-log-path': file('audit.log'),
  };
}

function managerFlags(folder: string, port: number, controllers: readonly string[]): Flags {
  return {
    kubeconfig: join(folder, 'admin'),
    'leader-elect': false,
    'bind-address': '127.0.0.1',
    'secure-port': port,
    port: 0,
    'cert-dir': folder,
    'service-account-private-key-file': join(folder, 'accounts.key'),
    'root-ca-file': join(folder, 'ca.crt'),
    controllers: controllers.join(','),
  };
}

async function kubeconfigOf(folder: string, server: string, token: string): Promise<string> {
  const ca = await readFile(join(folder, 'ca.crt'));
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': ca.toString('base64') } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });
}

function ask(url: string, folder: string, token: string): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` };
    const sent = get(
      url,
      { ca: readFileSync(join(folder, 'ca.crt')), headers, agent: false, timeout: 2000 },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(false));
  });
}

async function lastWords(folder: string): Promise<string> {
  const logs = await Promise.all(
    ['etcd.log', 'kube-apiserver.log'].map((name) => readFile(join(folder, name), 'utf8').catch(() => '')),
  );
  return logs.map((text) => text.trim().split('\n').slice(-3).join(' | ')).join(' || ');
}
