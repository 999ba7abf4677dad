import type { Definition } from '@claw-run/core';
import { configMatches } from './checks/config-matches.ts';
import { fileMatches } from './checks/file-matches.ts';
import { firewallAllows } from './checks/firewall-allows.ts';
import { file } from './steps/file.ts';
import { firewallPort } from './steps/firewall-port.ts';
import { iniEntry } from './steps/ini-entry.ts';
import { keyValue } from './steps/key-value.ts';
import { line } from './steps/line.ts';
import { yamlEntry } from './steps/yaml-entry.ts';

/** Every step, check and lookup of this library. */
export const linux: readonly Definition[] = [
  configMatches,
  file,
  fileMatches,
  firewallAllows,
  firewallPort,
  iniEntry,
  keyValue,
  line,
  yamlEntry,
];
