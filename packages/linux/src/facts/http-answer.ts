import { type Argv, type Fact, type RunResult, runFact } from '@claw-run/core';

/** What a server answered, or why there is no answer. */
export type HttpAnswer =
  | {
      readonly answered: true;
      readonly status: number;
      readonly headers: { readonly [name: string]: string };
      readonly body: string;
      readonly milliseconds: number;
      /** When it was asked, by the clock of the host, in milliseconds since 1970. */
      readonly startedAt: number;
      /** What asked: curl, bash, openssl or wget. */
      readonly by: string;
    }
  | { readonly answered: false; readonly because: string; readonly tool: boolean };

export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: { readonly [name: string]: string };
  readonly ca: string | undefined;
  readonly insecure: boolean;
  readonly proxy: boolean;
  readonly seconds: number;
  /** A command on the host that prints a bearer token: the token is in no argument list and no output. */
  readonly token: readonly string[];
  readonly as: string | undefined;
  /** What asking puts at risk. */
  readonly warning?: string | undefined;
}

/**
 * curl where it is there; else bash for http and openssl for https; else GNU wget. The answer comes with its head, behind a line with the
 * tool, its exit status, the milliseconds it took and when it began (milliseconds since 1970, by the clock of the host).
 */
const script = `
url=$1 method=$2 seconds=$3 ca=$4 insecure=$5 proxy=$6 head=$7 host=$8 port=$9; shift 9
token=; [ $# -eq 0 ] || token=$("$@") || { echo 'token 1 0 0'; exit; }
now() { date +%s%3N; }
start=$(now)
# a shell takes the line ends off what it captures: they end the head of an answer without a body
kept() { kept=$?; printf .; return $kept; }
finish() { printf '%s %s %s %s\\n' "$1" "$2" "$(($(now) - start))" "$start"; printf '%s' "\${3%.}"; }
settings() {
  [ -z "$token" ] || printf "$1" "Authorization: Bearer $token"
  printf '%s\\n' "$head" | while IFS= read -r line; do [ -z "$line" ] || printf "$1" "$line"; done
}
if command -v curl >/dev/null; then
  set -- -sS -i -m "$seconds" --suppress-connect-headers
  # curl would wait for the body that an answer to HEAD has not got
  if [ "$method" = HEAD ]; then set -- "$@" -I; else set -- "$@" -X "$method"; fi
  [ "$proxy" = yes ] || set -- "$@" --noproxy '*'
  [ "$insecure" = no ] || set -- "$@" -k
  [ -z "$ca" ] || set -- "$@" --cacert "$ca"
  answer=$(settings 'header = "%s"\\n' | curl "$@" -K - -- "$url"; kept); finish curl $? "$answer"; exit
fi
rest=\${url#*://}; path=/\${rest#*/}; [ "$rest" != "\${rest#*/}" ] || path=/
request() {
  printf '%s %s HTTP/1.0\\r\\nHost: %s\\r\\nConnection: close\\r\\n' "$method" "$path" "\${rest%%/*}"
  settings '%s\\r\\n'; printf '\\r\\n'
}
case $proxy:$url in
  no:http:*)
    if command -v bash >/dev/null; then
      answer=$(request | timeout "$seconds" bash -c 'exec 3<>"/dev/tcp/$0/$1" && cat >&3 && cat <&3' "$host" "$port"; kept)
      finish bash $? "$answer"; exit
    fi;;
  no:https:*)
    if command -v openssl >/dev/null; then
      case $host in *[!0-9.]*) set -- -verify_hostname "$host" -servername "$host";; *) set -- -verify_ip "$host";; esac
      case $host in *:*) set -- -verify_ip "$host" ; at="[$host]:$port";; *) at=$host:$port;; esac
      [ "$insecure" = no ] && set -- "$@" -verify_return_error || set --
      [ -z "$ca" ] || set -- "$@" -CAfile "$ca"
      answer=$(request | timeout "$seconds" openssl s_client -quiet -ign_eof -connect "$at" "$@"; kept)
      finish openssl $? "$answer"; exit
    fi;;
esac
# wget takes headers from its arguments or a regular file only, and a token is for neither; of an answer to HEAD it shows nothing
[ -z "$token" ] && [ "$method" != HEAD ] || { echo 'none 127 0 0'; exit; }
case $(wget --version 2>/dev/null) in *'GNU Wget'*) ;; *) echo 'none 127 0 0'; exit;; esac
set -- -q -O - --save-headers --content-on-error --max-redirect=0 --tries=1 -T "$seconds" --method="$method"
[ "$proxy" = yes ] || set -- "$@" --no-proxy
[ "$insecure" = no ] || set -- "$@" --no-check-certificate
[ -z "$ca" ] || set -- "$@" --ca-certificate="$ca"
while IFS= read -r line; do [ -z "$line" ] || set -- "$@" --header="$line"; done <<E
$head
E
answer=$(wget "$@" -- "$url"; kept)
finish wget $? "$answer"
`;

/** Asks a server from the host, without proxies unless told. */
export function httpAnswer(request: HttpRequest): Fact<'host', HttpAnswer> {
  const { url, method, seconds, token } = request;
  const { hostname, port, protocol } = new URL(url);
  const head = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  const yes = (claim: boolean) => (claim ? 'yes' : 'no');
  const argv: Argv = [
    'sh',
    '-c',
    script,
    'http',
    url,
    method,
    String(seconds),
    request.ca ?? '',
    yes(request.insecure),
    yes(request.proxy),
    head.join('\n'),
    hostname.replace(/^\[|\]$/g, ''),
    port || (protocol === 'https:' ? '443' : '80'),
    ...token,
  ];
  return runFact({
    key: `${method} ${url}${request.as === undefined ? '' : ` as ${request.as}`}`,
    argv,
    ...(request.as === undefined ? {} : { as: request.as }),
    ...(request.ca === undefined ? {} : { paths: [request.ca] }),
    timeoutSeconds: seconds + 30,
    warning: request.warning,
    parse: parseHttpAnswer,
  });
}

export function parseHttpAnswer({ stdout, stderr }: RunResult): HttpAnswer {
  const [, tool = 'none', code = '1', time = '0', start = '0', all = ''] =
    /^(\w+) (\d+) (\d+) (\d+)\n?([\s\S]*)$/.exec(stdout) ?? [];
  if (tool === 'token')
    return { answered: false, because: `there is no token: ${lastLine(stderr)}`, tool: true };
  if (tool === 'none')
    return {
      answered: false,
      because:
        'the host needs curl for that, or wget where it is not HEAD and sends no token (without a proxy, bash does for http and openssl for https)',
      tool: false,
    };
  // Interim answers (100 Continue) come before the one that counts.
  const answers = [...all.matchAll(/^HTTP\/[\d.]+ (\d{3})[^\r\n]*\r?\n([\s\S]*?)(?:\r?\n){2}/gm)];
  const answer = answers.find(([, status = '']) => !status.startsWith('1'));
  if (answer === undefined)
    return { answered: false, because: failure(tool, Number(code), stderr), tool: true };
  const headers = (answer[2] ?? '').split(/\r?\n/).map((line): [string, string] => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  });
  return {
    answered: true,
    status: Number(answer[1]),
    headers: Object.fromEntries(headers),
    body: all.slice(answer.index + answer[0].length),
    milliseconds: Number(time),
    startedAt: Number(start),
    by: tool,
  };
}

function failure(tool: string, code: number, said: string): string {
  if ((tool !== 'curl' && code === 124) || (tool === 'curl' && code === 28))
    return 'it did not answer in time';
  const curl = /^curl: \(\d+\) (.*)$/m.exec(said)?.[1];
  const verify =
    /verify error:num=\d+:(.*)/.exec(said)?.[1] ?? (tool === 'curl' && code === 60 ? curl : undefined);
  if (verify !== undefined) return `its certificate is not accepted: ${verify}`;
  if (/refused/i.test(said)) return 'it refuses the connection';
  if (curl !== undefined) return `it cannot be asked: ${curl}`;
  // wget(1) tells by its status alone where it is to be quiet.
  if (tool === 'wget' && code === 4) return 'it cannot be reached, or did not answer in time';
  if (tool === 'wget' && code === 5) return 'its certificate is not accepted';
  return lastLine(said) || `${tool} ended with ${code}`;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
