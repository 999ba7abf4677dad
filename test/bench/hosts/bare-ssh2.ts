// The floor for many hosts: ssh2 and nothing else. Words: port, key file, number of connections, how many at a time; the script comes from standard input.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { Client } from 'ssh2';

const [port = '', key = '', hosts = '', forks = ''] = process.argv.slice(2);
const privateKey = readFileSync(key);
const script = readFileSync(0, 'utf8');

function one(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.setNoDelay(true);
    const client = new Client();
    client.on('error', reject);
    client.on('ready', () =>
      client.exec('sh', (error, channel) => {
        if (error) return reject(error);
        let bytes = 0;
        channel.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        channel.on('close', () => {
          client.end();
          if (bytes === 0) reject(new Error('nothing was answered'));
          else resolve();
        });
        channel.end(script);
      }),
    );
    client.connect({
      sock: socket,
      username: 'root',
      privateKey,
      authHandler: ['publickey'],
      hostVerifier: () => true,
    });
  });
}

let left = Number(hosts);
await Promise.all(
  Array.from({ length: Number(forks) }, async () => {
    while (left > 0) {
      left -= 1;
      await one();
    }
  }),
);
