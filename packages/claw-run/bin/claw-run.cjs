#!/usr/bin/env node
// biome-ignore-all lint/style/useNodejsImportProtocol: old versions do not know it
// biome-ignore-all lint/style/useTemplate: kept to the plainest syntax
// The launcher. It keeps to syntax that old versions of Node.js can read, so that they can say what is missing.
'use strict';
const path = require('path');
const fs = require('fs');

const wanted = [22, 19];
const here = fs.realpathSync(__filename);
const root = path.dirname(path.dirname(here));

function isRecent(version) {
  const parts = version.split('.').map(Number);
  return parts[0] > wanted[0] || (parts[0] === wanted[0] && parts[1] >= wanted[1]);
}

/** The Node.js that a workspace brings for itself, looked for from here up. */
function ownNode() {
  for (let dir = root; dir !== path.dirname(dir); dir = path.dirname(dir)) {
    const candidate = path.join(dir, 'node_modules', 'node', 'bin', 'node');
    if (fs.existsSync(candidate)) return candidate;
  }
  return undefined;
}

function startWith(node) {
  const args = [here].concat(process.argv.slice(2));
  const env = Object.assign({}, process.env, { CLAW_RUN_STARTED: String(process.pid) });
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'];
  const child = require('child_process').spawn(node, args, { stdio: stdio, env: env });
  function pass(signal) {
    child.kill(signal);
  }
  // a terminal, or whoever ends a group, sends these to the child as well: as a message, it can tell that they are the same
  function tell(signal) {
    if (child.connected) child.send(signal, () => {});
  }
  const told = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const passed = told.concat('SIGQUIT', 'SIGUSR2', 'SIGCONT');
  for (const name of passed) process.on(name, told.indexOf(name) < 0 ? pass : tell);
  child.on('error', (error) => {
    console.error('claw-run cannot start ' + node + ': ' + error.message);
    process.exit(2);
  });
  child.on('exit', (code, signal) => {
    for (const name of passed) process.removeAllListeners(name);
    if (signal) process.kill(process.pid, signal);
    else process.exit(code === null ? 1 : code);
  });
}

function tooOld() {
  console.error(
    'claw-run needs Node.js ' +
      wanted.join('.') +
      ' or newer; this is ' +
      process.version +
      ' (' +
      process.execPath +
      '). ' +
      'Install a newer one, or start claw-run with it: /path/to/node ' +
      here,
  );
  process.exitCode = 2;
}

function notBuilt(bin) {
  console.error('claw-run is not built: ' + bin + ' is missing. In a checkout, run: node scripts/setup.mjs');
  process.exitCode = 2;
}

/** Whether nobody but this user and root can change what is in a folder, or put another one in its place. */
function isOurs(folder) {
  const me = process.geteuid ? process.geteuid() : undefined;
  if (me === undefined) return true;
  for (let at = fs.realpathSync(folder); ; at = path.dirname(at)) {
    const info = fs.lstatSync(at);
    if (info.uid !== me && info.uid !== 0) return false;
    const byOthers = (info.mode & 2) !== 0 || ((info.mode & 16) !== 0 && info.gid !== info.uid);
    if (byOthers && (at === folder || (info.mode & 512) === 0)) return false;
    if (at === path.dirname(at)) return true;
  }
}

/** A folder of this user alone, or nothing: what is cached there is run. */
function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME || path.join(require('os').homedir(), '.cache');
  const folder = path.join(base, 'claw-run');
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 448 });
    const versions = fs.readdirSync(folder).map((name) => path.join(folder, name));
    return [folder].concat(versions).every(isOurs) ? folder : undefined;
  } catch (_) {
    return undefined;
  }
}

function main() {
  const args = process.argv.slice(2);
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
    console.log(require('../package.json').version);
    return;
  }
  if (!isRecent(process.versions.node)) {
    const node = process.env.CLAW_RUN_STARTED ? undefined : ownNode();
    if (node === undefined) tooOld();
    else startWith(node);
    return;
  }
  const bin = path.join(root, 'dist', 'bin.cjs');
  if (!fs.existsSync(bin)) {
    notBuilt(bin);
    return;
  }
  const cache = cacheFolder();
  if (cache !== undefined) {
    const mask = process.umask(63);
    require('module').enableCompileCache(cache);
    process.umask(mask);
  }
  require(bin);
}

main();
