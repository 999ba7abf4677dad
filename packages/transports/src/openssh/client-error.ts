import { ClawError } from '@claw-run/core';
import { serverSays } from '../ssh/server-says.ts';

/** What the messages of OpenSSH's client mean, where it exits 255. Its texts are not translated. */
export function clientError(label: string, stderr: string): ClawError {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const found = (pattern: RegExp) => lines.map((line) => pattern.exec(line)).find((match) => match !== null);
  const last = lines.at(-1) ?? 'the client said nothing';
  // what is neither the client's last word nor a warning of its own comes from the server
  const said = serverSays(lines.slice(0, -1).filter((line) => !/^(\*\* |Warning: |debug\d: )/.test(line)));
  const offending = found(/^(?:Offending|Add correct host key in) .*?(\/\S+:\d+)$/);
  if (found(/REMOTE HOST IDENTIFICATION HAS CHANGED/))
    return changedKey(label, offending?.[1], found(/(SHA256:\S+)/)?.[1]);
  if (found(/REVOKED HOST KEY|is marked as revoked|revoked by file|in revoked keys file/))
    return new ClawError('forbidden', `${label} shows a host key that is revoked`, {
      hint: 'do not log in: whoever holds a revoked key may not be the host. Ask its owner for a new one',
    });
  if (found(/Host key verification failed/))
    return new ClawError('forbidden', `the host key of ${label} is not known`, {
      hint: `log in once with \`ssh\`, compare the fingerprint with the one that the owner of the host tells you, and accept it`,
    });
  const denied = found(/^(.*): (Permission denied \(.*\))\.?$/);
  if (denied)
    return new ClawError('forbidden', `cannot log in to ${label}: ${[...said, denied[2]].join('; ')}`, {
      hint: 'the client cannot be asked for passwords here: use a key, an agent or a ticket (`kinit`), and try `ssh -o BatchMode=yes` first',
    });
  if (found(/Too many authentication failures/))
    return new ClawError('forbidden', `cannot log in to ${label}: ${[...said, last].join('; ')}`, {
      hint: 'name the right key, with IdentitiesOnly in ssh_config',
    });
  if (found(/Bad configuration option|terminating, \d+ bad configuration|Can't open user config file/))
    return new ClawError('unreachable', `the ssh client rejects its settings: ${last}`, {
      hint: 'correct ssh_config or the options that were given',
    });
  // what a jump host or a ProxyCommand says of its failure, the client keeps to itself
  if (/UNKNOWN port 65535/.test(last))
    return new ClawError('unreachable', `${label} cannot be reached: its jump host or ProxyCommand failed`, {
      hint: 'the host keys of jump hosts are checked too: try `ssh -o BatchMode=yes -o StrictHostKeyChecking=yes` to the jump host',
      retryable: true,
    });
  return new ClawError('unreachable', `${label} cannot be reached: ${[...said, last].join('; ')}`, {
    hint: `try \`ssh ${label.replace(/^openssh:/, 'ssh:')}\``,
    retryable: true,
  });
}

function changedKey(label: string, line: string | undefined, shown: string | undefined): ClawError {
  const known = line === undefined ? 'the known one' : `the one of ${line}`;
  return new ClawError(
    'forbidden',
    `the host key of ${label} is not ${known}${shown === undefined ? '' : `: it shows ${shown}`}`,
    {
      hint: `either the host was set up again, or somebody stands between. Ask its owner; if the new fingerprint is right, replace ${line === undefined ? 'the old line' : `line ${line}`}`,
    },
  );
}
