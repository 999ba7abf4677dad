import { ClawError } from '@claw-run/core';

/** How far connecting has come. */
export type Stage = 'connect' | 'greeting' | 'handshake' | 'sign-in' | 'ready';

/** What failed where: `label` is `user@host:port`, with the jump hosts before it. */
export interface FailedPlace {
  readonly label: string;
  readonly host: string;
  readonly port: number;
  readonly stage: Stage;
  /** The first line that came from there. */
  readonly said?: string | undefined;
}

/** An error of the network or of ssh2 in people's words. */
export function connectionError(error: unknown, place: FailedPlace): ClawError {
  const { label, host, port } = place;
  const cause = { cause: error };
  const retry = { ...cause, retryable: true };
  const text = error instanceof Error ? error.message : String(error);
  switch (codeOf(error)) {
    case 'ENOTFOUND':
      return new ClawError(
        'unreachable',
        `${label} cannot be reached: there is no host of the name ${host}`,
        {
          ...cause,
          hint: 'correct the name, or set HostName in ~/.ssh/config',
        },
      );
    case 'EAI_AGAIN':
      return new ClawError(
        'unreachable',
        `${label} cannot be reached: the name service does not answer for ${host}`,
        retry,
      );
    case 'ECONNREFUSED':
      return new ClawError(
        'unreachable',
        `${label} cannot be reached: nothing listens on port ${port} of ${host}`,
        {
          ...retry,
          hint: 'is sshd running there, and is the port right?',
        },
      );
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new ClawError('unreachable', `${label} cannot be reached: there is no route to ${host}`, retry);
    case 'ETIMEDOUT':
      return new ClawError(
        'unreachable',
        `${label} cannot be reached: ${host} does not answer on port ${port}`,
        retry,
      );
  }
  const handshake = /^Handshake failed: no matching (.+)$/i.exec(text)?.[1];
  if (handshake !== undefined)
    return new ClawError('unreachable', `${label} and the built-in SSH have no ${handshake} in common`, {
      ...cause,
      hint: `allow more with ${keywordFor(handshake)} in ~/.ssh/config, or let the OpenSSH client connect: openssh://HOST`,
    });
  if (place.said !== undefined && !place.said.startsWith('SSH-') && place.stage === 'handshake')
    return new ClawError(
      'unreachable',
      `${host} answers on port ${port} with "${place.said}", not as an SSH server`,
      {
        ...cause,
        retryable: /MaxStartups|too many/i.test(place.said),
      },
    );
  if (/Keepalive timeout/.test(text)) return dropped(label, 'it no longer answers', error);
  if (place.stage === 'ready')
    return dropped(label, `the connection broke (${codeOf(error) || text})`, error);
  return new ClawError('unreachable', `${label} ended the connection ${during[place.stage]}: ${text}`, {
    ...retry,
    ...(place.stage === 'greeting'
      ? { hint: 'it may have too many connections (MaxStartups), or refuse this address' }
      : {}),
  });
}

/** The connection was lost when it had been in use: nobody knows what became of what was under way. */
export function dropped(label: string, why: string, cause?: unknown): ClawError {
  return new ClawError('unreachable', `the connection to ${label} was lost: ${why}`, {
    cause,
    retryable: true,
  });
}

/** Connecting took too long. */
export function tooLate(place: FailedPlace, seconds: number): ClawError {
  const finding = {
    connect: `does not answer on port ${place.port}; is it up, and does a firewall drop the packets?`,
    greeting: 'accepts the connection, but sends no SSH greeting',
    handshake: 'does not finish the key exchange',
    'sign-in': 'does not finish the log-in',
    ready: 'does not start a shell',
  }[place.stage];
  return new ClawError('timeout', `${place.label}: after ${seconds} s ${place.host} still ${finding}`, {
    retryable: true,
  });
}

const during: { readonly [stage in Exclude<Stage, 'ready'>]: string } = {
  connect: 'while connecting',
  greeting: 'before its SSH greeting',
  handshake: 'during the key exchange',
  'sign-in': 'during the log-in',
};

function keywordFor(finding: string): string {
  if (/key exchange/.test(finding)) return 'KexAlgorithms';
  if (/host key/.test(finding)) return 'HostKeyAlgorithms';
  return /cipher/i.test(finding) ? 'Ciphers' : 'MACs';
}

/** The code of an error; of the first one where several addresses were tried. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
