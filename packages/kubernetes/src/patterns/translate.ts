/** An RE2 pattern in the syntax of JavaScript (flag `u`), or nothing where a construct has no exact counterpart. */
export function toJavaScript(pattern: string): string | undefined {
  const [, flags = '', body = ''] = /^(?:\(\?([is]+)\))?([\s\S]*)$/.exec(pattern) ?? [];
  if (flags.includes('i')) return undefined;
  const parts: string[] = [];
  let inClass = false;
  for (const [token] of body.matchAll(tokens)) {
    const part = inClass ? insideClass(token) : outsideClass(token, flags.includes('s'));
    if (part === undefined) return undefined;
    if (!inClass && token.startsWith('[')) inClass = true;
    else if (inClass && token === ']') inClass = false;
    parts.push(part);
  }
  return parts.join('');
}

/** A class begins with `[`, `[^`, and a `]` right after it is a member. */
const tokens =
  /\[:\^?[a-z]+:\]|\[\^?\]?|\\(?:[pP]\{[^}]*\}|x\{[0-9a-fA-F]+\}|[\s\S])|\{\d+(?:,\d*)?\}|\(\?P?<|\(\?[^:<)]*[:)]?|[\s\S]/gu;

const posix: { readonly [name: string]: string } = {
  '[:alnum:]': 'A-Za-z0-9',
  '[:alpha:]': 'A-Za-z',
  '[:digit:]': '0-9',
  '[:lower:]': 'a-z',
  '[:upper:]': 'A-Z',
  '[:xdigit:]': 'A-Fa-f0-9',
  '[:word:]': 'A-Za-z0-9_',
};

function outsideClass(token: string, dotAll: boolean): string | undefined {
  if (token === '.') return dotAll ? '[^]' : '[^\\n]';
  if (token === '\\A') return '^';
  if (token === '\\z') return '$';
  if (token === '\\s') return '[\\t\\n\\f\\r ]';
  if (token === '\\S') return '[^\\t\\n\\f\\r ]';
  if (token === '(?P<' || token === '(?<') return '(?<';
  if (token.startsWith('(?')) return token === '(?:' ? token : undefined;
  if (token === '[]' || token === '[^]') return `${token.slice(0, -1)}\\]`;
  // a brace that begins no repetition stands for itself in RE2: `{8`
  if (token === ']' || token === '}' || token === '{') return `\\${token}`;
  return shared(token);
}

function insideClass(token: string): string | undefined {
  if (token === '\\s') return '\\t\\n\\f\\r ';
  if (token === '\\S') return undefined;
  if (token.startsWith('[:')) return posix[token];
  if (token.startsWith('[')) return token.replace('[', '\\[');
  return shared(token);
}

/** Escapes that mean the same in both; others, such as `\b`, `\pL` and `\Q`, are not taken. */
function shared(token: string): string | undefined {
  if (!token.startsWith('\\')) return token;
  const hex = /^\\x\{(.+)\}$/.exec(token);
  if (hex !== null) return `\\u{${hex[1]}}`;
  return /^\\[dDwWnrtfv.*+?^$|()[\]{}\\/-]$/.test(token) ? token : undefined;
}
