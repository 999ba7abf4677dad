/** The forms in which a secret would be found by whoever looks for it. */
export function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const json = JSON.stringify(secret).slice(1, -1);
  const url = [...bytes].map((byte) =>
    /[A-Za-z0-9_.~-]/.test(String.fromCharCode(byte))
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).padStart(2, '0')}`,
  );
  const html = secret
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replaceAll('=', '');
    return text.slice(shift === 0 ? 0 : shift + 1, (bytes.length + shift) % 3 === 0 ? undefined : -1);
  });
  const forms = [
    secret,
    json,
    encodeURIComponent(secret),
    url.join(''),
    url.join('').toUpperCase(),
    html,
    secret.replaceAll("'", `'\\''`),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    ...secret.split('\n').filter((line) => line.length >= 8 && !line.startsWith('-----')),
  ];
  return [...new Set(forms)];
}

/** Those of the forms that stand in the text; of a short secret only where it stands alone: it is a part of many words. */
export function found(secret: string, text: string): readonly string[] {
  return formsOf(secret).filter((form) => {
    if (secret.length >= 6) return text.includes(form);
    const escaped = form.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    return new RegExp(`(?<![A-Za-z0-9+/_-])${escaped}(?![A-Za-z0-9+/_=-])`).test(text);
  });
}
