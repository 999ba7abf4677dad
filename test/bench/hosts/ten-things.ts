/** The same ten things that should be so on a host, in the words of each candidate. */

const folder = '/etc/claw-bench';

/** Makes them so, as root, in the shell: what every candidate then finds converged. */
export const arrange = `
set -eu
usermod -aG claw-users alice
mkdir -p ${folder}
printf 'one\\n' > ${folder}/one
printf 'two\\n' > ${folder}/two; chmod 600 ${folder}/two
printf 'three\\n' > ${folder}/three
printf '# hosts\\n10.0.0.1 head\\n' > ${folder}/hosts
printf 'auth:\\n  mode: groups # by NSS\\n' > ${folder}/config.yaml
printf 'LEVEL="info"\\n' > ${folder}/default
printf '[server]\\nport = 8080\\n' > ${folder}/server.ini
chmod 644 ${folder}/one ${folder}/three ${folder}/hosts ${folder}/config.yaml ${folder}/default ${folder}/server.ini
systemctl enable --now ssh
`;

/** The floor: the same looks in one script, as small as they can be written. */
export const script = `
getent group claw-users
id -Gn alice
systemctl show -p ActiveState,UnitFileState ssh
cd ${folder}
stat -c '%n %a %U %G' one two three hosts config.yaml default server.ini
cat one two three hosts config.yaml default server.ini
`;

/** Ten steps, and further ones where asked for: files that are as they should be. */
export function runbook(further = 0): string {
  const files = Array.from({ length: further }, (_, index) =>
    step(`further-${index}`, 'linux.file', `path: ${folder}/one, content: "one\\n", mode: "0644"`),
  );
  return `runbook: ten-things
version: 1
title: Ten things that are so
targets:
  host: { kind: host, many: true }
steps:
${[
  step('group', 'linux.group', 'name: claw-users'),
  step('member', 'linux.group-member', 'group: claw-users, user: alice'),
  step('ssh', 'linux.service', 'unit: ssh, running: true, enabled: true'),
  step('one', 'linux.file', `path: ${folder}/one, content: "one\\n", mode: "0644"`),
  step('two', 'linux.file', `path: ${folder}/two, content: "two\\n", mode: "0600"`),
  step('three', 'linux.file', `path: ${folder}/three, content: "three\\n", mode: "0644"`),
  step('hosts', 'linux.line', `path: ${folder}/hosts, line: 10.0.0.1 head`),
  step('yaml', 'linux.yaml-entry', `path: ${folder}/config.yaml, at: auth.mode, value: groups`),
  step('default', 'linux.key-value', `path: ${folder}/default, key: LEVEL, value: info`),
  step('ini', 'linux.ini-entry', `path: ${folder}/server.ini, section: server, key: port, value: "8080"`),
  ...files,
].join('')}`;
}

function step(id: string, uses: string, inputs: string): string {
  return `  - { id: ${id}, name: ${id}, uses: ${uses}, on: host, with: { ${inputs} } }\n`;
}

/** The same for ansible-core. */
export const playbook = `
- hosts: all
  gather_facts: false
  tasks:
    - group: { name: claw-users }
    - user: { name: alice, groups: [claw-users], append: true }
    - systemd: { name: ssh, state: started, enabled: true }
    - copy: { dest: ${folder}/one, content: "one\\n", mode: "0644" }
    - copy: { dest: ${folder}/two, content: "two\\n", mode: "0600" }
    - copy: { dest: ${folder}/three, content: "three\\n", mode: "0644" }
    - lineinfile: { path: ${folder}/hosts, line: 10.0.0.1 head }
    - lineinfile: { path: ${folder}/config.yaml, line: "  mode: groups # by NSS" }
    - lineinfile: { path: ${folder}/default, line: 'LEVEL="info"' }
    - lineinfile: { path: ${folder}/server.ini, line: port = 8080 }
`;
