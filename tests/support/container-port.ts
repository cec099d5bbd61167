import { connect, createServer, type Server } from 'node:net';

// Below the range from which the kernel gives ports to those who ask for any (Linux: 32768 and up). A container engine that is killed may
// go on forwarding a port to a container that is gone. Were it of that range, the kernel would sooner or later give it to a server of
// the tests: that one listens, and nobody gets there (ECONNREFUSED).
const FIRST = 20_000;
const BEHIND_LAST = 32_000;
const TRIES = 50;

/** Ports of this machine for containers: free, all different, and forwarded to nobody. */
export async function containerPorts(count: number): Promise<number[]> {
  const probes: Probe[] = [];
  try {
    for (let tries = 0; probes.length < count; tries += 1) {
      if (tries === count * TRIES) throw new Error('this machine has no port left for a container');
      const probe = await listenOn(FIRST + Math.floor(Math.random() * (BEHIND_LAST - FIRST)));
      if (probe) probes.push(probe);
    }
    return probes.map(({ port }) => port);
  } finally {
    await Promise.all(probes.map(({ server }) => closed(server)));
  }
}

interface Probe {
  readonly port: number;
  readonly server: Server;
}

/** Null where the port is taken, or where who connects does not get to us. */
async function listenOn(port: number): Promise<Probe | null> {
  const server = createServer((socket) => socket.destroy());
  const isListening = await new Promise<boolean>((settle) => {
    server.once('error', () => settle(false));
    server.listen(port, '127.0.0.1', () => settle(true));
  });
  if (!isListening) return null;
  if (await isReached(port)) return { port, server };
  await closed(server);
  return null;
}

function isReached(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
    socket.once('close', () => socket.destroy());
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((done) => server.close(() => done()));
}
