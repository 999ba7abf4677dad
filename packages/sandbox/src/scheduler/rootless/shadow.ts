import { hashPassword } from '../daemon/passwords.ts';

const DAY = 86_400_000;

/** A password as the practice head node's shadow file has it: no crypt(5), which machines without root need not have. */
export async function practiceHash(password: string): Promise<string> {
  return (await hashPassword(password)).replaceAll(':', '$').replace(/^/, '$');
}

/** A line of shadow(5). `expires` is `YYYY-MM-DD`. */
export function shadowEntry(entry: { user: string; hash: string; expires?: string }): string {
  const expires = entry.expires === undefined ? '' : Date.parse(entry.expires) / DAY;
  return `${entry.user}:${entry.hash}:19700:0:99999:7::${expires}:\n`;
}

/** `usermod -L|-U`, `chage`, `chpasswd` and `unix_chkpwd` for the shadow file of a practice head node. */
export function shadowShims(
  node: string,
): Readonly<Record<'usermodLock' | 'chage' | 'chpasswd' | 'chkpwd', string>> {
  const quoted = `'${node.replaceAll("'", `'\\''`)}'`;
  return {
    usermodLock: edit(`
      $1 == u && how == "-L" && substr($2, 1, 1) != "!" { $2 = "!" $2 }
      $1 == u && how == "-U" && substr($2, 1, 1) == "!" { $2 = substr($2, 2) }`),
    chage: `
[ $# = 3 ] || unknown "$@"
case $1 in -E|-d) ;; *) unknown "$@";; esac
awk -F: -v u="$3" '$1 == u { found = 1 } END { exit !found }' "$ROOT/etc/shadow" || { echo "chage: user '$3' does not exist in /etc/passwd" >&2; exit 1; }
value=$2
case $value in -1) value=;; *-*) value=$(date -u -d "$value" +%s 2>/dev/null || date -u -j -f %Y-%m-%d "$value" +%s); value=$((value / 86400));; esac
set -- "$3" "$1" "$value"
${edit(`$1 == u && how == "-E" { $8 = v } $1 == u && how == "-d" { $3 = v }`)}`,
    chpasswd: `
how=plain; if [ "$1" = -e ]; then how=encrypted; shift; fi
[ $# = 0 ] || unknown "$@"
exec ${quoted} -e '${chpasswd}' "$ROOT/etc/shadow" "$how"
`,
    chkpwd: `
[ $# = 2 ] || unknown "$@"
exec ${quoted} -e '${chkpwd}' "$ROOT/etc/shadow" "$1" "$2"
`,
  };
}

/** Edits the shadow file in one step; $1 is the user, $2 how, $3 a value. */
function edit(program: string): string {
  return `awk -F: -v OFS=: -v u="$1" -v how="$2" -v v="$3" '${program} { print }' "$ROOT/etc/shadow" > "$ROOT/etc/.shadow.$$" && mv "$ROOT/etc/.shadow.$$" "$ROOT/etc/shadow"
`;
}

const chpasswd = `
const { readFileSync, renameSync, writeFileSync } = require("node:fs");
const { randomBytes, scryptSync } = require("node:crypto");
const [file, how] = process.argv.slice(1);
const today = Math.floor(Date.now() / 86400000);
const hashed = (password) => {
  const salt = randomBytes(16);
  return ["", "scrypt", salt.toString("base64"), scryptSync(password, salt, 32).toString("base64")].join("$");
};
let lines = readFileSync(file, "utf8").split("\\n");
for (const line of readFileSync(0, "utf8").split("\\n").filter(Boolean)) {
  const at = line.indexOf(":");
  const [user, secret] = [line.slice(0, at), line.slice(at + 1)];
  if (!lines.some((each) => each.startsWith(user + ":"))) {
    console.error("chpasswd: (user " + user + ") user does not exist");
    process.exit(1);
  }
  lines = lines.map((each) => {
    const fields = each.split(":");
    if (fields[0] !== user) return each;
    return [user, how === "encrypted" ? secret : hashed(secret), today, ...fields.slice(3)].join(":");
  });
}
writeFileSync(file + ".new", lines.join("\\n"), { mode: 0o600 });
renameSync(file + ".new", file);
`;

const chkpwd = `
const { readFileSync } = require("node:fs");
const { scryptSync, timingSafeEqual } = require("node:crypto");
const [file, user, what] = process.argv.slice(1);
const fields = readFileSync(file, "utf8").split("\\n").map((each) => each.split(":")).find(([name]) => name === user) ?? [];
if (what === "chkexpiry") {
  const today = Math.floor(Date.now() / 86400000);
  process.exit(fields[7] && Number(fields[7]) <= today ? 13 : 0);
}
const [, , salt = "", hash = ""] = (fields[1] ?? "").split("$");
const wanted = Buffer.from(hash, "base64");
const given = scryptSync(readFileSync(0, "utf8").replace(/\\0.*$/s, ""), Buffer.from(salt, "base64"), 32);
process.exit((fields[1] ?? "").startsWith("$scrypt$") && wanted.length === 32 && timingSafeEqual(given, wanted) ? 0 : 7);
`;
