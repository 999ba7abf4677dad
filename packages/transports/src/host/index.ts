export { childEnv } from './child-env.ts';
export { connectHost, type HostOptions, type HostSettings } from './connect-host.ts';
export { type ProgramEnd, processChannel } from './process-channel.ts';
export { type Channel, type ChannelEnd, defaultShell, type Shell } from './shell.ts';
