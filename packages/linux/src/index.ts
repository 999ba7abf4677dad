import type { Definition } from '@claw-run/core';
import { certificate } from './checks/certificate.ts';
import { clockSkew } from './checks/clock-skew.ts';
import { configMatches } from './checks/config-matches.ts';
import { fileMatches } from './checks/file-matches.ts';
import { firewallAllows } from './checks/firewall-allows.ts';
import { groupLayers } from './checks/group-layers.ts';
import { logLines } from './checks/log-lines.ts';
import { packagePresent } from './checks/package-present.ts';
import { processHasGroup } from './checks/process-has-group.ts';
import { proxyVariables } from './checks/proxy-variables.ts';
import { serviceActive } from './checks/service-active.ts';
import { serviceFresh } from './checks/service-fresh.ts';
import { sessionsHaveGroup } from './checks/sessions-have-group.ts';
import { uidMapping } from './checks/uid-mapping.ts';
import { logMark } from './lookups/log-mark.ts';
import { command } from './steps/command.ts';
import { file } from './steps/file.ts';
import { firewallPort } from './steps/firewall-port.ts';
import { group } from './steps/group.ts';
import { groupMember } from './steps/group-member.ts';
import { groupVisible } from './steps/group-visible.ts';
import { iniEntry } from './steps/ini-entry.ts';
import { keyValue } from './steps/key-value.ts';
import { line } from './steps/line.ts';
import { reloadService } from './steps/reload-service.ts';
import { restartService } from './steps/restart-service.ts';
import { service } from './steps/service.ts';
import { sssdFlush } from './steps/sssd-flush.ts';
import { yamlEntry } from './steps/yaml-entry.ts';

/** Every step, check and lookup of this library. */
export const linux: readonly Definition[] = [
  certificate,
  clockSkew,
  command,
  configMatches,
  file,
  fileMatches,
  firewallAllows,
  firewallPort,
  group,
  groupLayers,
  groupMember,
  groupVisible,
  iniEntry,
  keyValue,
  line,
  logLines,
  logMark,
  packagePresent,
  processHasGroup,
  proxyVariables,
  reloadService,
  restartService,
  service,
  serviceActive,
  serviceFresh,
  sessionsHaveGroup,
  sssdFlush,
  uidMapping,
  yamlEntry,
];

export {
  certificate,
  clockSkew,
  command,
  configMatches,
  file,
  fileMatches,
  firewallAllows,
  firewallPort,
  group,
  groupLayers,
  groupMember,
  groupVisible,
  iniEntry,
  keyValue,
  line,
  logLines,
  logMark,
  packagePresent,
  processHasGroup,
  proxyVariables,
  reloadService,
  restartService,
  service,
  serviceActive,
  serviceFresh,
  sessionsHaveGroup,
  sssdFlush,
  uidMapping,
  yamlEntry,
};
