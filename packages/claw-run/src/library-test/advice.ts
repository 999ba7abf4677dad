/** What to do where a law does not hold, by the beginning of its name. */
export function adviceFor(law: string): string | undefined {
  return advice.find(([name]) => law.startsWith(name))?.[1];
}

/** Longer beginnings first. */
const advice: readonly (readonly [law: string, todo: string])[] = [
  ['it can be loaded', 'run `node FILE`: it shows the same error with its place'],
  [
    'it can be tried',
    'look for what ends the process or leaves a rejection unhandled: an exit, a kill, a promise that nobody awaits',
  ],
  [
    'it prints nothing when it is loaded',
    'remove what prints: standard output is where pipelines read JSON; console.error is free',
  ],
  [
    'it exports steps or transports',
    'export what defineState, defineEvent, defineCheck, defineLookup or defineTransport give',
  ],
  ['its subjects are subjects', 'export `subjects` as an array of `Subject` of @claw-run/testing'],
  ['no two have one id', 'rename one of them: runbooks name steps by id'],
  [
    'its id is library.name',
    'name it as `library.name`, in lower case with dashes, and unlike what comes with claw-run',
  ],
  ['it says what it does', 'write one sentence as `summary`: what is so when the step has done its work'],
  ['it says where it works', "say `on: 'host'` or `on: 'cluster'`"],
  ['it says what it risks', 'say `risk`: routine, disruptive or destructive'],
  ['it says how it is undone', 'give `undo` as a function, or say why not: { irreversible } or { again }'],
  [
    'its inputs can be shown',
    'make `input` a z.strictObject({…}): editors and `claw-run explain` show it as JSON schema',
  ],
  ['it has examples, and each parses', 'correct the example, or the schema that refuses it'],
  ['its cases can be read', 'correct the file: a YAML list, each with `name` and `with`'],
  ['its cases hold', 'correct the case if the step is right, and the step if the case is'],
  ['facts is pure', 'make `facts` depend on its input only: no clock, no random numbers, no state, no I/O'],
  ['facts are JSON', 'let reads be plain data: strings, numbers, booleans, lists and objects'],
  ['facts fit the target', "give facts of the kind that the step's `on` says"],
  ['what it answers is pure', 'make its functions depend on input and observation only, and change neither'],
  [
    'no secret is a word of a command',
    'hand secrets on by `stdin` or a file: every user of a host can read the words of commands',
  ],
  ['it ends in time', 'look for a loop or a wait that has no end; --law-timeout allows more time'],
  ['a plan says why', 'let every plan give a reason, and values that JSON keeps as they are'],
  ['planned twice is the same plan', 'make `desire` (or `needed`) depend on input and observation only'],
  ['planning changes nothing', 'use reads that change nothing: neither facts nor their commands may act'],
  ['what is not to change is not changed', 'act only where a change is planned'],
  [
    'what is planned can be applied',
    'see why the action or its verification fails in that world; where the step cannot work there, let it be refused',
  ],
  ['what was predicted is observed', 'let `desire` return what is observed afterwards, in every field'],
  ['the journal gives back', 'let facts be JSON: no dates, no undefined in lists, no classes'],
  ['what was applied needs no change', 'let `desire` return {} (or `needed` nothing) once its work is done'],
  [
    'what was rolled back is as it was',
    'let `actions` lead from any state to any other: what it changes has to be in the facts',
  ],
  ['an answer says why', 'give a reason with every verdict'],
  ['a check finds what it should', 'correct `finds` of the subject, or the check'],
  ['observation and answer are JSON', 'let facts and answers be JSON'],
  ['asked twice is the same answer', 'make `expect` (or `value`) depend on input and observation only'],
  ['asking changes nothing', 'use reads that change nothing'],
  [
    'keeps the laws',
    'a function of the step throws in this world: let it refuse, or deal with what is there',
  ],
  ['is settled', 'correct `plans` of the subject, or the step'],
  ['is refused', 'correct `plans` of the subject, or the step'],
  ['killed', 'make each action safe to be done again: after a crash it is not known whether it took place'],
  ['its rollback killed', 'make each action of the way back safe to be done again'],
  ['a run can be killed', 'let it take the same way each time'],
  ['its scheme is one', 'a scheme is lower-case letters, digits, +, - and ., without ://'],
  ['it says what hosts it reaches', 'write one sentence as `summary`'],
];
