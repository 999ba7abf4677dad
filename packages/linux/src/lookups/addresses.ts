import { defineLookup } from '@claw-run/core';
import * as z from 'zod';
import { addresses as ownAddresses } from '../facts/addresses.ts';

export const addresses = defineLookup({
  id: 'linux.addresses',
  on: 'host',
  summary: 'The addresses that a host has',
  description:
    'IPv4 and IPv6, of all its interfaces, loopback included; what stands in front of it has others.',
  input: z.strictObject({}),
  examples: [{ title: 'Of this host', with: {} }],
  facts: () => ({ addresses: ownAddresses() }),
  output: z.array(z.string()),
  value: (_input, seen) => (seen.addresses === null ? undefined : [...seen.addresses]),
});
