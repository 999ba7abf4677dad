import type { WebSocket } from 'ws';

/** Pings while the connection is open; what is silent for three turns is taken for dead. A far end that is not listened to is not judged. */
export function keepAlive(socket: WebSocket, seconds: number, onDead: (silentSeconds: number) => void): void {
  let missed = 0;
  const hear = () => {
    missed = 0;
  };
  socket.on('pong', hear);
  socket.on('message', hear);
  const timer = setInterval(() => {
    if (socket.isPaused) return hear();
    if (missed >= turns) return onDead(missed * seconds);
    missed += 1;
    socket.ping();
  }, seconds * 1000);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}

const turns = 3;
