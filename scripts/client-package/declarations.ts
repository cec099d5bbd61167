import { join, relative, resolve } from 'node:path';
import ts from 'typescript';

const REPOSITORY = resolve(import.meta.dir, '../..');
const ROUTER = join(REPOSITORY, 'src/client/app-router.ts');
/** The compiler writes the type of a value out where it would name a type's alias. */
const ROUTER_SOURCE = `import type { Container } from '../container';
declare const container: Container;
export const { router } = container;
`;

/** Declarations of the client's sources, by their paths from src/client, and of the router that they are typed by. */
export interface Declarations {
  readonly client: ReadonlyMap<string, string>;
  readonly router: string;
}

/** Emits what `src/client/index.ts` reaches in src/client, and nothing of the server. @throws Error where the compiler can't */
export function emitDeclarations(): Declarations {
  const options = { ...compilerOptions(), noEmit: false, incremental: false, declaration: true, removeComments: false };
  delete (options as ts.CompilerOptions).tsBuildInfoFile;
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (path) => (resolve(path) === ROUTER ? ROUTER_SOURCE : readFile(path));
  host.fileExists = (path) => resolve(path) === ROUTER || fileExists(path);
  const program = ts.createProgram([join(REPOSITORY, 'src/client/index.ts'), ROUTER], options, host);
  const client = new Map<string, string>();
  for (const source of program.getSourceFiles()) {
    const path = relative(join(REPOSITORY, 'src/client'), source.fileName);
    if (!path.startsWith('..')) client.set(path.replace(/\.ts$/, '.d.ts'), declarationOf(program, source));
  }
  const router = client.get('app-router.d.ts') ?? '';
  client.delete('app-router.d.ts');
  return { client, router };
}

function declarationOf(program: ts.Program, source: ts.SourceFile): string {
  let text = '';
  const { diagnostics } = program.emit(source, (_path, written) => (text = written), undefined, true);
  if (diagnostics.length > 0) throw new Error(ts.formatDiagnostics(diagnostics, ts.createCompilerHost({})));
  return text;
}

function compilerOptions(): ts.CompilerOptions {
  const path = join(REPOSITORY, 'tsconfig.json');
  return ts.parseJsonConfigFileContent(ts.readConfigFile(path, ts.sys.readFile).config, ts.sys, REPOSITORY).options;
}
