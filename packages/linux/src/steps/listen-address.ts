import { defineState, refused } from '@claw-run/core';
import { isScalar, isSeq, parseDocument } from 'yaml';
import * as z from 'zod';
import { editedFile, fileActions, filePath, sudo } from '../edit/edited-file.ts';
import { editYaml } from '../edit/yaml-edit.ts';
import { keysOf, type YamlPath, yamlPath } from '../edit/yaml-path.ts';
import { addresses } from '../facts/addresses.ts';
import { maker } from '../facts/login.ts';
import { textFile, textOf } from '../facts/text-file.ts';
import { lackingListen, listensOn, listenText, sameAddress } from '../lib/listen.ts';
import { address, port } from '../lib/network.ts';

const input = z.strictObject({
  path: filePath,
  at: yamlPath,
  address: address.describe('Address of the host by which clients ask'),
  port,
  unanswered: z
    .boolean()
    .default(false)
    .describe(
      'Clients get no answer there: where it is listed already, the step refuses, since something else is in the way',
    ),
  sudo,
});

export const listenAddress = defineState({
  id: 'linux.listen-address',
  on: 'host',
  summary: 'A service is configured to listen on an address of its host, by a list in a YAML file',
  description:
    'A list such as `["0.0.0.0:8080"]` gets one member more: `[::]:8080` where it has all addresses of the other family, else just the address. Every other byte stays. An address that is not ' +
    'one of the host is refused: then what clients have for its name is wrong. A list that is not there is the service’s own choice and stays so. The service has to be restarted.',
  risk: 'routine',
  input,
  examples: [
    {
      title: 'The scheduler answers by IPv6 too',
      with: {
        path: '/etc/claw-scheduler/config.yaml',
        at: 'server.listen',
        address: '2001:db8::5',
        port: 8080,
      },
    },
  ],
  facts: (input) => ({ file: textFile(input), maker: maker(input), own: addresses() }),
  desire: (input, seen) => {
    const { address, port, path } = input;
    if (seen.own !== null && !seen.own.some((one) => sameAddress(one, address)))
      return refused(
        `${address} is no address of this host (${seen.own.join(', ')})`,
        'correct what the clients have for its name: the AAAA or A record in DNS, or their /etc/hosts',
      );
    const keys = keysOf(input.at);
    const list = seen.file === null ? undefined : textsAt(textOf(seen.file), keys);
    if (list === undefined || !listensOn(list, { address, port })) {
      const member = lackingListen(list ?? [], { address, port });
      return editedFile({ ...input, create: false, state: 'present' }, seen, (text) =>
        editYaml(text, keys, { member, present: true }),
      );
    }
    if (!input.unanswered) return {};
    return refused(
      `${path} has ${list.join(', ') || 'no list'}, and yet clients get no answer at ${listenText({ address, port })}`,
      'let the port in by this family on the way there (firewalls, routes), or take the address out of the name',
    );
  },
  actions: (from, to, input) => fileActions(from.file, to.file, input),
});

/** The texts of a list, none where there is no list; nothing where the file is not YAML, which the edit then tells. */
function textsAt(text: string, path: YamlPath): readonly string[] | undefined {
  const document = parseDocument(text);
  if (document.errors.length > 0) return undefined;
  const list: unknown = document.getIn(path, true);
  return isSeq(list) ? list.items.map((item) => String(isScalar(item) ? item.value : item)) : [];
}
