type Env = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that the environment names for a URL. `HTTPS_PROXY` is for https alone; `HTTP_PROXY` and `ALL_PROXY` are
 * taken for both. `NO_PROXY` is a list of hosts, `.domains`, `host:port` or `*`. Small letters are looked at first.
 */
export function proxyFor(target: URL, env: Env): URL | undefined {
  const of = (name: string) => env[name.toLowerCase()] || env[name] || undefined;
  const forHttps = target.protocol === 'https:' ? of('HTTPS_PROXY') : undefined;
  const named = forHttps ?? of('HTTP_PROXY') ?? of('ALL_PROXY');
  if (named === undefined) return undefined;
  if (isExempt(target, of('NO_PROXY') ?? '')) return undefined;
  const text = /^[a-z]+:\/\//i.test(named) ? named : `http://${named}`;
  return URL.canParse(text) ? new URL(text) : undefined;
}

function isExempt({ hostname, port, protocol }: URL, list: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const realPort = port || (protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((each) => each !== '')
    .some((each) => {
      if (each === '*') return true;
      const [, name = '', onlyPort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(each) ?? [];
      if (onlyPort !== undefined && onlyPort !== realPort && each !== host) return false;
      const bare = each === host ? each : name.replace(/^\*?\./, '');
      return host === bare || host.endsWith(`.${bare}`);
    });
}
