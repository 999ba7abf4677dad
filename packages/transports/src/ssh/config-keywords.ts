import { ClawError } from '@claw-run/core';
import type { ConfigLine } from './config-line.ts';
import { fitsPatterns } from './pattern.ts';
import type { ConfigValues } from './read-config.ts';

/** Two names of one setting; the first of either holds. */
const aliases: { readonly [keyword: string]: string } = {
  pubkeyacceptedkeytypes: 'pubkeyacceptedalgorithms',
  challengeresponseauthentication: 'kbdinteractiveauthentication',
  skeyauthentication: 'kbdinteractiveauthentication',
  tisauthentication: 'kbdinteractiveauthentication',
  dsaauthentication: 'pubkeyauthentication',
};

/** The keyword by which a setting is kept. */
export function settingOf(keyword: string): string {
  return aliases[keyword] ?? keyword;
}

/** What `settingsOf` reads. */
const followed = `addressfamily bindaddress ciphers connecttimeout globalknownhostsfile hostkeyalgorithms hostkeyalias hostname
  identitiesonly identityagent identityfile ignoreunknown kbdinteractiveauthentication kexalgorithms macs passwordauthentication port
  preferredauthentications proxycommand proxyjump pubkeyacceptedalgorithms pubkeyauthentication requiredrsasize revokedhostkeys
  serveralivecountmax serveraliveinterval stricthostkeychecking user userknownhostsfile`;

/**
 * What does nothing here: it is about what the built-in SSH does not do at all (forwarding, certificates, Kerberos, files of its own, terminals), or it would
 * only let more through than is let through here.
 */
const ignored = `addkeystoagent afstokenpassing batchmode canonicaldomains canonicalizefallbacklocal canonicalizemaxdots
  canonicalizepermittedcnames casignaturealgorithms certificatefile channeltimeout cipher clearallforwardings compression compressionlevel
  connectionattempts controlmaster controlpath controlpersist dynamicforward enableescapecommandline enablesshkeysign escapechar
  exitonforwardfailure fallbacktorsh fingerprinthash forkafterauthentication forwardagent forwardx11 forwardx11timeout forwardx11trusted
  gatewayports globalknownhostsfile2 gssapiauthentication gssapiclientidentity gssapidelegatecredentials gssapikexalgorithms
  gssapikeyexchange gssapirenewalforcesrekey gssapiserveridentity gssapitrustdns hashknownhosts hostbasedacceptedalgorithms
  hostbasedauthentication hostbasedkeytypes ipqos kbdinteractivedevices kerberosauthentication kerberostgtpassing keepalive
  keychainintegration localcommand localforward loglevel logverbose nohostauthenticationforlocalhost numberofpasswordprompts
  obscurekeystroketiming permitlocalcommand permitremoteopen pkcs11provider protocol proxyusefdpass rekeylimit remotecommand
  remoteforward requesttty rhostsauthentication rhostsrsaauthentication rsaauthentication securitykeyprovider sendenv sessiontype setenv
  smartcarddevice stdinnull streamlocalbindmask streamlocalbindunlink syslogfacility tag tcpkeepalive tunnel tunneldevice updatehostkeys
  usekeychain useprivilegedport userknownhostsfile2 useroaming usersh versionaddendum visualhostkey warnweakcrypto xauthlocation`;

/** What changes which host is spoken to, or how it is checked, in ways that the built-in SSH does not know; and the words that say it is off. */
const offOnly: { readonly [keyword: string]: readonly string[] } = {
  bindinterface: ['none'],
  canonicalizehostname: ['no', 'false', 'none'],
  checkhostip: ['no', 'false'],
  knownhostscommand: ['none'],
  refuseconnection: [],
  verifyhostkeydns: ['no', 'false'],
};

const known = new Set(`${followed} ${ignored}`.split(/\s+/));

/**
 * Refuses what would be passed over and matters: a setting of security that is not understood, and a keyword that nobody knows, as OpenSSH does.
 * @throws ClawError `unreachable`, with file and line
 */
export function refuseUnknown(values: ConfigValues): void {
  const unknown = values
    .get('ignoreunknown')
    ?.flatMap(({ words }) => words.flatMap((word) => word.split(',')));
  for (const [keyword, [line]] of values) {
    if (line === undefined || known.has(keyword)) continue;
    const off = offOnly[keyword];
    if (off?.includes(line.words[0]?.toLowerCase() ?? '')) continue;
    if (
      off === undefined &&
      fitsPatterns(
        keyword,
        (unknown ?? []).map((each) => each.toLowerCase()),
      )
    )
      continue;
    throw off === undefined ? notKnown(line) : notUnderstood(line);
  }
}

function notUnderstood({ at, keyword, rest }: ConfigLine): ClawError {
  if (keyword === 'refuseconnection')
    return new ClawError('forbidden', `${at}: RefuseConnection forbids this connection: ${rest}`);
  return new ClawError(
    'unreachable',
    `${at}: the built-in SSH does not understand "${keyword} ${rest}", and security depends on it`,
    { hint: 'let the OpenSSH client connect: openssh://HOST' },
  );
}

function notKnown({ at, keyword }: ConfigLine): ClawError {
  return new ClawError('unreachable', `${at}: the built-in SSH does not know the setting ${keyword}`, {
    hint: 'correct the line, name it in IgnoreUnknown, or let the OpenSSH client connect: openssh://HOST',
  });
}
