import type { HostFile } from './world.ts';

export interface InstallOptions {
  /** The bundled programs, without a first line for the kernel. */
  readonly programs: { readonly schedulerd: string; readonly clw: string };
  /** The path of Node.js on the host. */
  readonly node: string;
  /** Serve a forward proxy on this port of loopback too. */
  readonly proxyPort?: number;
}

/** Files, and the command lines that make them work, in this order. */
export interface Installation {
  readonly files: readonly HostFile[];
  readonly commands: readonly (readonly string[])[];
}

/** What a head node needs of programs and units. Pure data: any transport can bring it there. */
export function installScheduler({ programs, node, proxyPort }: InstallOptions): Installation {
  const unit = (name: string, content: string): HostFile => ({
    path: `/etc/systemd/system/${name}.service`,
    mode: 0o644,
    content,
  });
  const proxy =
    proxyPort === undefined
      ? []
      : [
          unit(
            'claw-proxy',
            service({
              description: "the site's web proxy",
              start: `${node} --jitless /usr/sbin/claw-schedulerd proxy --listen ${proxyPort} --ca /etc/claw/ca.crt`,
            }),
          ),
        ];
  return {
    files: [
      { path: '/usr/sbin/claw-schedulerd', mode: 0o755, content: executable(node, programs.schedulerd) },
      { path: '/usr/bin/clw', mode: 0o755, content: executable(node, programs.clw) },
      unit(
        'claw-scheduler',
        service({
          description: "OpenClaw's scheduler",
          start: '/usr/sbin/claw-schedulerd',
          more: 'ExecReload=/bin/kill -HUP $MAINPID\n',
        }),
      ),
      ...proxy,
    ],
    commands: [
      ['systemctl', 'daemon-reload'],
      ['systemctl', 'enable', '--quiet', 'claw-scheduler.service'],
      ...(proxyPort === undefined ? [] : [['systemctl', 'restart', 'claw-proxy.service']]),
    ],
  };
}

/** What a host needs that is only a client. */
export function installClient({
  programs,
  node,
}: Pick<InstallOptions, 'programs' | 'node'>): readonly HostFile[] {
  return [{ path: '/usr/bin/clw', mode: 0o755, content: executable(node, programs.clw) }];
}

// without a compiler at run time no memory is both writable and executable, which policies forbid with good reason
function executable(node: string, program: string): string {
  return `#!${node} --jitless\n${program}`;
}

function service({
  description,
  start,
  more = '',
}: {
  description: string;
  start: string;
  more?: string;
}): string {
  return `[Unit]
Description=${description}
After=network.target nss-user-lookup.target

[Service]
Type=exec
ExecStart=${start}
${more}Restart=no
TimeoutStopSec=10
UMask=0027

[Install]
WantedBy=multi-user.target
`;
}
