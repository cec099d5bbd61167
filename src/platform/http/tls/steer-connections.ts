import { ptr } from 'bun:ffi';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { fromLibc } from '../../libc';

// <asm-generic/socket.h> and <linux/bpf_common.h>
const SOL_SOCKET = 1;
const SO_ATTACH_REUSEPORT_CBPF = 51;
const BPF_RET_K = 0x06;
const TCP_LISTEN = '0A';

/**
 * Of several sockets of this process that listen on one port, lets one take every connection that begins from now on. By itself
 * the kernel spreads them over all, and a socket that is then closed takes those along that are in its queue or shake hands.
 * @param index in the order in which they began to listen
 * @returns false where the kernel cannot do it (it is not Linux), or nobody can be asked (no /proc): then they are spread
 * @see socket(7), SO_ATTACH_REUSEPORT_CBPF
 */
export function steerConnections(port: number, index: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return steer(port, index);
  } catch {
    return false; // a renewed certificate is served all the same
  }
}

function steer(port: number, index: number): boolean {
  const [listening] = listeningSockets(port);
  if (listening === undefined) return false;
  // struct sock_filter: one instruction, "return index"
  const filter = Buffer.alloc(8);
  filter.writeUInt16LE(BPF_RET_K, 0);
  filter.writeUInt32LE(index, 4);
  // struct sock_fprog: how many, and where
  const program = Buffer.alloc(16);
  program.writeUInt16LE(1, 0);
  program.writeBigUInt64LE(BigInt(ptr(filter)), 8);
  const { setsockopt } = fromLibc({
    setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
  });
  return setsockopt(listening, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, ptr(program), program.length) === 0;
}

/** File descriptors of this process. Bun does not tell a server's own. @see proc_pid_net(5) */
function listeningSockets(port: number): number[] {
  const inodes = new Set(['tcp', 'tcp6'].flatMap((family) => listeningInodes(family, port)));
  return readdirSync('/proc/self/fd')
    .filter((fd) => inodes.has(/^socket:\[(\d+)\]$/.exec(linkOf(fd))?.[1] ?? ''))
    .map(Number);
}

function listeningInodes(family: string, port: number): string[] {
  const table = `/proc/self/net/${family}`;
  if (!existsSync(table)) return []; // such as tcp6 where the kernel was started with ipv6.disable=1
  const lines = readFileSync(table, 'utf8').split('\n').slice(1);
  const columns = lines.map((line) => line.trim().split(/\s+/));
  const ours = columns.filter(
    ([, local, , state]) => state === TCP_LISTEN && Number.parseInt(local?.split(':')[1] ?? '', 16) === port,
  );
  return ours.map((found) => found[9] ?? '');
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ''; // closed meanwhile
  }
}
