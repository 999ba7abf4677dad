export { createServingCertificate, type ServingCertificate } from './cluster/certificates.ts';
export { type ApiServer, type ApiServerOptions, startApiServer } from './cluster/index.ts';
export { type CliStreams, openclawCli } from './openclaw/cli.ts';
export { type Scenario, scenarios, scenariosOf } from './openclaw/scenarios.ts';
export {
  type PracticeHeadNode,
  type PracticeHeadNodeOptions,
  startHeadNode,
} from './scheduler/rootless/head-node.ts';
export {
  type Installation,
  type InstallOptions,
  installClient,
  installScheduler,
} from './scheduler/world/install.ts';
export {
  type HeadNodeScenario,
  headNodeScenarios,
  parseHeadNodeScenarios,
} from './scheduler/world/scenarios.ts';
export { createHeadNodeSecrets, type HeadNodeSecrets } from './scheduler/world/secrets.ts';
export {
  type Afterwards,
  type HeadNodeLayout,
  type HeadNodeWorld,
  type HeadNodeWorldOptions,
  type HostAccount,
  type HostFile,
  headNodeWorld,
  siteFiles,
  userFiles,
} from './scheduler/world/world.ts';
export { type Sandbox, type SandboxOptions, startSandbox } from './up.ts';
