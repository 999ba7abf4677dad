import { ClawError, Secret } from '@claw-run/core';
import type { AnyAuthMethod, AuthHandlerMiddleware, Prompt } from 'ssh2';
import type { Ask } from './ask.ts';
import type { Attempt, Attempts } from './attempts.ts';
import { serverSays } from './server-says.ts';

export interface SignInOptions extends Attempts {
  readonly user: string;
  /** `user@host`, for questions and messages. */
  readonly account: string;
  readonly ask: Ask;
  /** Waits for a person; the clock of the connection stands still meanwhile. */
  readonly hold: <T>(answer: Promise<T>) => Promise<T>;
}

/** Signing in to one server: what ssh2 asks for next, and the story of it where it fails. */
export interface SignIn {
  readonly handler: AuthHandlerMiddleware;
  /** What became of the attempt that is under way, said by ssh2. */
  readonly note: (reason: string) => void;
  /** A text of the server, such as why PAM refuses an account (RFC 4252, 5.4). */
  readonly banner: (text: string) => void;
  readonly failure: () => ClawError;
}

/** Tries the attempts in turn, but only those that the server accepts, and tells of each why it failed. */
export function signIn(options: SignInOptions): SignIn {
  const left = [...options.attempts];
  const told: string[] = [];
  const said: string[] = [];
  let accepted: readonly string[] | undefined;
  let under: Attempt | undefined;
  let noted: string | undefined;
  let passwordRefused = false;
  let asked = false;
  const note = (reason: string) => {
    noted ??= reason;
  };
  const endOf = (partial: boolean) => {
    if (under?.method === 'password') passwordRefused = !partial;
    if (under !== undefined)
      told.push(`${under.label} ${noted ?? (partial ? 'was accepted, but is not enough' : 'was refused')}`);
    under = undefined;
    noted = undefined;
  };
  const next = async (): Promise<AnyAuthMethod | false> => {
    for (let attempt = left.shift(); attempt !== undefined; attempt = left.shift()) {
      // The same password once more would only bring the account closer to being locked.
      if (attempt.method === 'keyboard-interactive' && passwordRefused) continue;
      if (accepted !== undefined && !accepted.includes(attempt.method)) {
        told.push(`${attempt.label} was not tried: the server does not take ${attempt.method}`);
        continue;
      }
      under = attempt;
      const method = await methodFor(attempt, options, note);
      if (method !== undefined) return method;
      endOf(false);
    }
    return false;
  };
  return {
    // The types of ssh2 leave out that the first call comes without a list, and that `false` gives up.
    handler: (methods: readonly string[] | null, partial: boolean | null, go) => {
      if (methods !== null) accepted = methods;
      endOf(partial === true);
      const proceed = go as (method: AnyAuthMethod | false) => void;
      void next().then((method) => {
        // Out of ideas: ask the server what it would take, so that the message can say.
        const unknown = method === false && accepted === undefined && !asked;
        asked ||= unknown;
        proceed(unknown ? { type: 'none', username: options.user } : method);
      });
    },
    note,
    banner: (text) => void said.push(text),
    failure: () => {
      endOf(false);
      return refusal(options, { told, said: serverSays(said), accepted });
    },
  };
}

async function methodFor(
  attempt: Attempt,
  options: SignInOptions,
  note: (reason: string) => void,
): Promise<AnyAuthMethod | undefined> {
  const { user: username, account, ask, hold } = options;
  switch (attempt.method) {
    case 'publickey':
      if (attempt.by === 'agent') return { type: 'agent', username, agent: attempt.agent };
      if (attempt.by === 'key') return publicKey(username, attempt.key);
      return await hold(attempt.unlock()).then(
        (key) => publicKey(username, key),
        (error: unknown) => {
          note(`failed: ${messageOf(error)}`);
          return undefined;
        },
      );
    case 'password': {
      const password = await hold(answered(ask.password?.(account)));
      if (password !== undefined) return { type: 'password', username, password: password.reveal() };
      note('was not given');
      return undefined;
    }
    case 'keyboard-interactive':
      return { type: 'keyboard-interactive', username, prompt: prompter(options, note) };
  }
}

// ssh2 takes a key that is parsed already, its types do not say so.
function publicKey(username: string, key: object): AnyAuthMethod {
  return { type: 'publickey', username, key: key as Buffer };
}

type PromptCallback = (
  name: string,
  instructions: string,
  lang: string,
  prompts: readonly Prompt[],
  finish: (answers: string[]) => void,
) => void;

/**
 * Answers the password once and leaves the rest to `answer`. A question that nobody can answer is answered with nothing, so that the server goes on to refuse: it
 * would wait for us otherwise.
 */
function prompter({ ask, account, hold }: SignInOptions, note: (reason: string) => void): PromptCallback {
  let passwordGiven = false;
  const answer = async ({ prompt, echo = false }: Prompt): Promise<string> => {
    if (!passwordGiven && !echo && ask.password !== undefined && /password/i.test(prompt)) {
      passwordGiven = true;
      return (await answered(ask.password(account)))?.reveal() ?? '';
    }
    const question = prompt.trim().replace(/:$/, '');
    if (passwordGiven && /password/i.test(prompt)) {
      note('was refused');
      return '';
    }
    const given = await answered(ask.answer?.(account, question, { echo }));
    if (given === undefined) note(`failed: the server asks "${question}", and nobody is there to answer`);
    return given?.reveal() ?? '';
  };
  return (_name, _instructions, _lang, prompts, finish) => {
    const all = async () => {
      const answers: string[] = [];
      for (const prompt of prompts) answers.push(await answer(prompt));
      return answers;
    };
    void hold(all()).then(finish, (error: unknown) => {
      note(`failed: ${messageOf(error)}`);
      finish(prompts.map(() => ''));
    });
  };
}

async function answered(question: Promise<Secret | undefined> | undefined): Promise<Secret | undefined> {
  const answer = await question;
  return answer instanceof Secret ? answer : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function refusal(
  { account, skipped, user }: SignInOptions,
  {
    told,
    said,
    accepted,
  }: {
    readonly told: readonly string[];
    readonly said: readonly string[];
    readonly accepted: readonly string[] | undefined;
  },
): ClawError {
  const takes = accepted === undefined ? [] : [`the server takes ${accepted.join(', ')}`];
  const story = [...told, ...skipped];
  const tried = story.length === 0 ? ['there is no key, agent or password to try'] : story;
  const foreign = (accepted ?? []).filter((one) => /^(gssapi|hostbased)/.test(one));
  const openssh = foreign.length > 0 || skipped.some((one) => one.includes('OpenSSH client'));
  return new ClawError(
    'forbidden',
    `cannot log in as ${account}: ${[...said, ...tried, ...takes].join('; ')}`,
    {
      hint: [
        ...(said.length > 0 ? ['where the server says why, it is for its administrator to change'] : []),
        story.length === 0
          ? 'name a key with IdentityFile in ~/.ssh/config, start an agent, or let a password be asked for'
          : `add one of these keys to the authorized_keys of ${user} there, or name another with IdentityFile in ~/.ssh/config`,
        ...(openssh
          ? ['for Kerberos, FIDO keys and certificates use the OpenSSH client: openssh://HOST']
          : []),
      ].join('; '),
    },
  );
}
