export { type ApiServer, type ApiServerOptions, startApiServer } from './cluster/index.ts';
export { type CliStreams, openclawCli } from './openclaw/cli.ts';
export { type Scenario, scenarios } from './openclaw/scenarios.ts';
export { type Sandbox, type SandboxOptions, startSandbox } from './up.ts';
