import type { Secret } from '@claw-run/core';

/**
 * Who answers what only a person knows. What is left out is never asked: where nobody is there, leave all of it out. Each question is asked once for a connection,
 * however often it is opened again; `undefined` as an answer means that there is none.
 */
export interface Ask {
  /** The passphrase of the key in a file. */
  readonly passphrase?: (file: string) => Promise<Secret | undefined>;
  /** The password of `user@host`. */
  readonly password?: (account: string) => Promise<Secret | undefined>;
  /** Whatever else the server asks, such as a one-time code. */
  readonly answer?: (
    account: string,
    question: string,
    options: { echo: boolean },
  ) => Promise<Secret | undefined>;
}

/** The same, but each passphrase and password is asked for once and then remembered; a code is asked for anew. */
export function askOnce(ask: Ask): Ask {
  return {
    ...(ask.passphrase === undefined ? {} : { passphrase: remembered(ask.passphrase) }),
    ...(ask.password === undefined ? {} : { password: remembered(ask.password) }),
    ...(ask.answer === undefined ? {} : { answer: ask.answer }),
  };
}

function remembered(
  question: (subject: string) => Promise<Secret | undefined>,
): (subject: string) => Promise<Secret | undefined> {
  const answers = new Map<string, Promise<Secret | undefined>>();
  return (subject) => {
    const answer = answers.get(subject) ?? question(subject);
    answers.set(subject, answer);
    return answer;
  };
}
