/**
 * What holds whatever ssh_config says: host keys are always checked, nothing of ours is forwarded or delegated, no local command runs, no question is asked.
 * All of it is known to OpenSSH since 7.6.
 */
export const forced: readonly (readonly [keyword: string, value: string])[] = [
  ['BatchMode', 'yes'],
  ['StrictHostKeyChecking', 'yes'],
  ['NoHostAuthenticationForLocalhost', 'no'],
  ['UpdateHostKeys', 'no'],
  ['ClearAllForwardings', 'yes'],
  ['ForwardAgent', 'no'],
  ['ForwardX11', 'no'],
  ['GSSAPIDelegateCredentials', 'no'],
  ['Tunnel', 'no'],
  ['PermitLocalCommand', 'no'],
  ['RemoteCommand', 'none'],
  ['RequestTTY', 'no'],
];

/**
 * The client's settings: the forced ones first, since the first value wins, then the files of the user and of the system. They stand in a file, so that they
 * hold for jump hosts too. `SendEnv -*` at the end takes back whatever variables of ours the files would send.
 */
export function clientConfig(files: readonly string[] = ['~/.ssh/config', '/etc/ssh/ssh_config']): string {
  return [
    ...forced
      // a jump host is asked for a forwarding by the client itself
      .filter(([keyword]) => keyword !== 'ClearAllForwardings')
      .map(([keyword, value]) => `${keyword} ${value}\n`),
    ...files.map((file) => `Include "${file}"\n`),
    'Match all\n',
    'SendEnv -*\n',
  ].join('');
}
