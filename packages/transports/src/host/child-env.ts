const common =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TERM|TZ|LANG|LANGUAGE|LC_\w+|TMPDIR|XDG_(RUNTIME_DIR|CONFIG_HOME|DATA_HOME|CACHE_HOME)|DBUS_(SESSION|SYSTEM)_BUS_ADDRESS|KUBECONFIG|(https?|ftp|all|no)_proxy|SSL_CERT_(FILE|DIR))$/i;

const ofSsh =
  /^(SSH_(AUTH_SOCK|AGENT_PID|ASKPASS|ASKPASS_REQUIRE|SK_PROVIDER|SK_HELPER)|KRB5\w*|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY)$/;

const ofClouds = /^(AWS|CLOUDSDK|GOOGLE|AZURE|TELEPORT|TSH|BOUNDARY|VAULT)_\w+$/;

/**
 * What of the environment a child process is given: what programs need to find their files, their language and the network, and nothing that was meant
 * for claw-run. A client of SSH gets its agent and its tickets, too, and what the tools of clouds need that a ProxyCommand calls.
 */
export function childEnv(env: NodeJS.ProcessEnv, { ssh = false } = {}): NodeJS.ProcessEnv {
  const wanted = ssh ? [common, ofSsh, ofClouds] : [common];
  return Object.fromEntries(Object.entries(env).filter(([name]) => wanted.some((names) => names.test(name))));
}
