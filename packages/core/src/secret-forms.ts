/** The forms in which a secret is likely to appear: as it is, quoted for JSON, URLs, HTML and shells, as base64 and as hex. */
export function encodings(value: string): readonly string[] {
  const decoded = decodedBase64(value);
  const forms = [...formsOf(value), ...(decoded === undefined ? [] : formsOf(decoded))];
  return [...new Set(forms)].filter((form) => form !== '');
}

/** The lines of a secret that are secret themselves. Of a whole file, those of the keys in it. */
export function linesOf(text: string, wholeFile: boolean): readonly string[] {
  const clear = text.includes('\n') ? text : (decodedBase64(text) ?? '');
  if (!clear.includes('\n')) return [];
  const isKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(clear);
  if (wholeFile && !isKey) return [];
  return clear
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.length >= 6 && !/^-----(BEGIN|END) .*-----$/.test(line));
}

function formsOf(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1);
  return [
    value,
    json,
    asciiJson(json),
    JSON.stringify(json).slice(1, -1),
    ...urlForms(value),
    ...htmlForms(value),
    ...shellForms(value),
    ...byteForms(value),
  ];
}

function asciiJson(json: string): string {
  return json.replaceAll(
    /[\u007F-\uFFFF]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function urlForms(value: string): readonly string[] {
  const strict = percentEncoded(value, /[A-Za-z0-9_.~-]/);
  const usual = percentEncoded(value, /[A-Za-z0-9_.~!'()*-]/);
  const inPath = percentEncoded(value, /[A-Za-z0-9_.~/-]/);
  const form = strict.replaceAll('%20', '+');
  return [strict, usual, inPath, form].flatMap((text) => [
    text,
    text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  ]);
}

/** Not `encodeURIComponent`, which refuses half a surrogate pair. */
function percentEncoded(value: string, plain: RegExp): string {
  return [...value]
    .map((character) =>
      plain.test(character)
        ? character
        : [...Buffer.from(character, 'utf8')]
            .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
            .join(''),
    )
    .join('');
}

function htmlForms(value: string): readonly string[] {
  const base = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quoted = base.replaceAll('"', '&quot;');
  return [base, quoted, ...['&#39;', '&#x27;', '&apos;'].map((quote) => quoted.replaceAll("'", quote))];
}

function shellForms(value: string): readonly string[] {
  return [
    value.replaceAll("'", `'\\''`),
    value.replaceAll("'", `'"'"'`),
    value.replaceAll(/["$`\\]/g, '\\$&'),
    value.replaceAll(/[^A-Za-z0-9_./:=@%+,-]/g, '\\$&'),
  ];
}

function byteForms(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'utf8');
  const hex = bytes.toString('hex');
  const base64 = [bytes.toString('base64').replaceAll('=', ''), ...embeddedBase64(bytes)];
  return [
    hex,
    hex.toUpperCase(),
    ...base64.flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]),
  ];
}

/** What base64 makes of the bytes when one or two other bytes stand before them, without the characters that mix. */
function embeddedBase64(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replaceAll('=', '');
    return text.slice(shift === 0 ? 0 : shift + 1, (bytes.length + shift) % 3 === 0 ? undefined : -1);
  });
}

function decodedBase64(value: string): string | undefined {
  if (value.length < 8 || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return undefined;
  const decoded = Buffer.from(value, 'base64').toString('utf8');
  return decoded.includes('\uFFFD') ? undefined : decoded;
}
