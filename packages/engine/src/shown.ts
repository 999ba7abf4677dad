import {
  type Action,
  type Difference,
  isObject,
  type Json,
  lineDiff,
  type Redactor,
  Secret,
} from '@claw-run/core';
import type { RunEvent } from './event.ts';

/**
 * An event as it may be shown: without known secrets in its texts, and of files that a step edits nothing but the lines that change. What else is in them
 * may hold passwords that nobody told us of.
 */
export function shownOf(event: RunEvent, redactor: Redactor): RunEvent {
  return redactor.redactJson(withoutFiles(event));
}

function withoutFiles(event: RunEvent): RunEvent {
  if (event.type === 'action.intended') return { ...event, action: withoutContent(event.action) };
  if (event.type !== 'step.planned') return event;
  const { diff, actions } = event;
  return {
    ...event,
    diff: diff.map(shownDifference),
    ...(actions === undefined ? {} : { actions: actions.map(withoutContent) }),
  };
}

function withoutContent(action: Action): Action {
  if (action.do === 'write') return { ...action, content: hidden(action.content) };
  if (action.do !== 'run' || action.stdin === undefined) return action;
  return { ...action, stdin: hidden(action.stdin) };
}

function shownDifference(difference: Difference): Difference {
  const { path, before, after } = difference;
  if (isText(before) && isText(after) && `${before}${after}`.includes('\n'))
    return { path, lines: lineDiff(before, after).map(withoutCredential) };
  // of a file that an event writes nothing is known of what was there before
  const whole =
    before === undefined && isText(after) && path.length === 1 && String(path[0]).startsWith('file ');
  if (whole) return { ...difference, after: hidden(after) };
  const gone = after === undefined || after === null;
  return gone && before !== undefined ? { ...difference, before: withoutTexts(before) } : difference;
}

/** What was there and is to be removed: its texts of several lines are not told. */
function withoutTexts(value: Json): Json {
  if (isText(value)) return value.includes('\n') ? hidden(value) : value;
  if (Array.isArray(value)) return value.map(withoutTexts);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      name === 'content' ? hidden(String(item)) : withoutTexts(item as Json),
    ]),
  );
}

const credential =
  /^([-+] .*(?:pass(?:word|wd|phrase)?|secret|token|authtok|(?:api|access|private|secret|auth)[-_. ]?key|credentials?)["']?\s*[:=]\s*)\S.*$/i;

/** A line that sets a password says so, and not which: the old one may still be in use elsewhere. */
function withoutCredential(line: string): string {
  return line.replace(credential, `$1${String(new Secret(''))}`);
}

function isText(value: Json | undefined): value is string {
  return typeof value === 'string';
}

function hidden(text: string | Secret): Secret {
  return text instanceof Secret ? text : new Secret(text);
}
