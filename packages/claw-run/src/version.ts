import manifest from '../package.json' with { type: 'json' };

/** The version of claw-run. */
export const version: string = manifest.version;

/** How claw-run presents itself to a Kubernetes API server. */
export const userAgent = `claw-run/${version}`;
