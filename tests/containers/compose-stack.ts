import { copyFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { containerPorts } from '../support/container-port';

const REPOSITORY = resolve(import.meta.dir, '../..');
const PORTS = ['APP_PORT', 'POSTGRES_PORT', 'MINIO_PORT', 'MINIO_CONSOLE_PORT', 'VERSITYGW_PORT'] as const;

export type Port = (typeof PORTS)[number];

/** docker-compose.yml under a project name and on ports of its own: it meets nothing that runs already. */
export class ComposeStack {
  private constructor(
    private readonly project: string,
    private readonly ports: Readonly<Record<Port, number>>,
  ) {}

  /** Builds the image, starts every profile, and returns when all is healthy. @throws Error with what compose said */
  static async up(): Promise<ComposeStack> {
    await trustOurProxy();
    const free = await containerPorts(PORTS.length);
    const ports = Object.fromEntries(PORTS.map((name, index) => [name, free[index] ?? 0])) as Record<Port, number>;
    const stack = new ComposeStack(`test-intellipost-${process.pid}`, ports);
    try {
      await stack.compose(['up', '--detach', '--build', '--wait', '--wait-timeout', '180']);
    } catch (error) {
      const log = await stack.compose(['logs', '--tail', '30']).catch(String);
      await stack.down();
      throw new Error(`${error}\n${log}`);
    }
    return stack;
  }

  url(port: Port): string {
    return `http://localhost:${this.ports[port]}`;
  }

  port(port: Port): number {
    return this.ports[port];
  }

  /** Runs Bun on a script in the app's container. @returns what it wrote */
  inApp(script: string): Promise<string> {
    return this.compose(['exec', '-T', 'app', 'bun', '-e', script]);
  }

  async down(): Promise<void> {
    await this.compose(['down', '--volumes', '--remove-orphans', '--timeout', '10']);
  }

  async compose(command: readonly string[]): Promise<string> {
    const profiles = ['--profile', 'app', '--profile', 'versitygw'];
    const docker = Bun.spawn(['docker', 'compose', '-p', this.project, ...profiles, ...command], {
      cwd: REPOSITORY,
      env: { ...process.env, ...this.environment(), COMPOSE_DISABLE_ENV_FILE: 'true' },
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const [said, complaint, code] = await Promise.all([
      new Response(docker.stdout).text(),
      new Response(docker.stderr).text(),
      docker.exited,
    ]);
    if (code !== 0) throw new Error(`docker compose ${command[0]} ended with ${code}: ${complaint.slice(-3000)}`);
    return said;
  }

  private environment(): Record<string, string> {
    const ports = Object.entries(this.ports).map(([name, port]) => [name, String(port)]);
    return { ...Object.fromEntries(ports), APP_IMAGE: 'intellipost-product-store:test' };
  }
}

/** The build trusts what this machine trusts besides the public authorities (deploy/ca/README.md). */
async function trustOurProxy(): Promise<void> {
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  if (extra) await copyFile(extra, join(REPOSITORY, 'deploy/ca/local.crt'));
}
