import { GenericContainer, Wait } from 'testcontainers';
import { containerPorts } from './container-port';
import { dockerAnswers } from './docker';
import { removeWithThisProcess } from './remove-container';
import { S3_SERVERS, type S3Server, type S3ServerKind, TEST_KEYS } from './s3-server-kinds';

/** Null where no Docker answers. @throws where Docker answers but the server does not start */
export async function s3ServerByContainer(kind: S3ServerKind): Promise<S3Server | null> {
  if (!(await dockerAnswers())) return null;
  const { image, port, exposed, command, health, environment, encrypts, trash } = S3_SERVERS[kind];
  const ports = await containerPorts(exposed.length);
  const container = await new GenericContainer(image)
    .withCommand([...command('/data', port)])
    .withEnvironment(environment)
    .withExposedPorts(...exposed.map((inside, index) => ({ container: inside, host: ports[index] ?? 0 })))
    // a memory file system has the extended attributes that versitygw keeps its metadata in, and leaves no volume behind
    .withTmpFs({ '/data': 'rw' })
    .withWaitStrategy(Wait.forHttp(health, port))
    .start();
  removeWithThisProcess(container.getId());
  const endpoint = `http://${container.getHost()}:${container.getMappedPort(port)}`;
  const emptyTrash = async () => void (await container.exec(['sh', '-c', `rm -rf /data/${trash}/*`]));
  return { kind, endpoint, region: 'us-east-1', ...TEST_KEYS, encrypts, ...(trash ? { emptyTrash } : {}) };
}
