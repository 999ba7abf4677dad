import type { Definition } from '@claw-run/core';
import { accountUsable } from './checks/account-usable.ts';
import { apparmorDenials } from './checks/apparmor-denials.ts';
import { avcDenials } from './checks/avc-denials.ts';
import { certificate } from './checks/certificate.ts';
import { clockSkew } from './checks/clock-skew.ts';
import { configMatches } from './checks/config-matches.ts';
import { fileMatches } from './checks/file-matches.ts';
import { firewallAllows } from './checks/firewall-allows.ts';
import { firstAddress } from './checks/first-address.ts';
import { groupLayers } from './checks/group-layers.ts';
import { http } from './checks/http.ts';
import { listening } from './checks/listening.ts';
import { logLines } from './checks/log-lines.ts';
import { packagePresent } from './checks/package-present.ts';
import { portReachable } from './checks/port-reachable.ts';
import { processHasGroup } from './checks/process-has-group.ts';
import { proxyVariables } from './checks/proxy-variables.ts';
import { serviceActive } from './checks/service-active.ts';
import { serviceFresh } from './checks/service-fresh.ts';
import { sessionsHaveGroup } from './checks/sessions-have-group.ts';
import { uidMapping } from './checks/uid-mapping.ts';
import { accountState } from './lookups/account-state.ts';
import { addresses } from './lookups/addresses.ts';
import { logMark } from './lookups/log-mark.ts';
import { sourceAddress } from './lookups/source-address.ts';
import { account } from './steps/account.ts';
import { apparmorRule } from './steps/apparmor-rule.ts';
import { command } from './steps/command.ts';
import { file } from './steps/file.ts';
import { firewallPort } from './steps/firewall-port.ts';
import { group } from './steps/group.ts';
import { groupMember } from './steps/group-member.ts';
import { groupVisible } from './steps/group-visible.ts';
import { iniEntry } from './steps/ini-entry.ts';
import { keyValue } from './steps/key-value.ts';
import { line } from './steps/line.ts';
import { listenAddress } from './steps/listen-address.ts';
import { password } from './steps/password.ts';
import { reloadService } from './steps/reload-service.ts';
import { restartService } from './steps/restart-service.ts';
import { selinuxBoolean } from './steps/selinux-boolean.ts';
import { selinuxFcontext } from './steps/selinux-fcontext.ts';
import { selinuxPort } from './steps/selinux-port.ts';
import { service } from './steps/service.ts';
import { sssdFlush } from './steps/sssd-flush.ts';
import { yamlEntry } from './steps/yaml-entry.ts';

/** Every step, check and lookup of this library. */
export const linux: readonly Definition[] = [
  account,
  accountState,
  accountUsable,
  addresses,
  apparmorDenials,
  apparmorRule,
  avcDenials,
  certificate,
  clockSkew,
  command,
  configMatches,
  file,
  fileMatches,
  firewallAllows,
  firewallPort,
  firstAddress,
  group,
  groupLayers,
  groupMember,
  groupVisible,
  http,
  iniEntry,
  keyValue,
  line,
  listenAddress,
  listening,
  logLines,
  logMark,
  packagePresent,
  password,
  portReachable,
  processHasGroup,
  proxyVariables,
  reloadService,
  restartService,
  selinuxBoolean,
  selinuxFcontext,
  selinuxPort,
  service,
  serviceActive,
  serviceFresh,
  sessionsHaveGroup,
  sourceAddress,
  sssdFlush,
  uidMapping,
  yamlEntry,
];

export {
  account,
  accountState,
  accountUsable,
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
  password,
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
