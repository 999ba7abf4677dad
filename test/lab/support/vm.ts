import type { SshOptions } from '@claw-run/transports';

/** What any test or hook in a VM may take: it is emulated. */
export const vmMs = 900_000;

/** How a VM is reached: key exchange alone takes a good part of a second. */
export const inVm: Partial<SshOptions> = { connectSeconds: 60, commandSeconds: 300 };
