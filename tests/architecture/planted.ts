/** A small tree that keeps every rule, and for each rule one file that breaks it and nothing else. */

export const CLEAN: Readonly<Record<string, string>> = {
  'src/kernel/ids.ts': `export const id = 1;`,
  'src/kernel/authenticated-principal.ts': `import { id } from './ids'; export const principal = { id };`,
  'src/platform/http/server.ts': `import { readFile } from 'node:fs/promises'; export const server = readFile; export interface Port { port: number }`,
  'src/modules/identity/domain/user.ts': `export const user = 1;`,
  'src/modules/identity/application/authenticate.ts': `import { principal } from '../../../kernel/authenticated-principal'; export const authenticate = principal;`,
  'src/modules/products/domain/lifecycle.ts': `import { createMachine } from 'xstate'; import { id } from '../../../kernel/ids'; export const machine = [createMachine, id];`,
  'src/modules/products/application/create-product.ts': `import type { Port } from '../../../platform/http/server'; import { machine } from '../domain/lifecycle'; export const create = (port: Port) => [machine, port];`,
  'src/modules/products/infrastructure/postgres-products.ts': `import { Pool } from 'pg'; import { machine } from '../domain/lifecycle'; export const products = [Pool, machine];`,
  'src/modules/products/api/products-router.ts': `import { z } from 'zod'; import { create } from '../application/create-product'; export const router = [z, create];`,
  'src/modules/products/module.ts': `import { products } from './infrastructure/postgres-products'; export const module = products;`,
  'src/config/settings.ts': `export const settings = 1;`,
  'src/container.ts': `import { settings } from './config/settings'; import { products } from './modules/products/infrastructure/postgres-products'; export const container = [settings, products]; export type AppRouter = typeof container;`,
  'src/app.ts': `import { container } from './container'; export const app = container;`,
  'examples/client.ts': `import type { AppRouter } from '../src/container'; export const client = (router: AppRouter) => router;`,
  'tests/api/products.test.ts': `import { principal } from '../../src/kernel/authenticated-principal'; import { app } from '../../src/app'; export const tested = [app, principal];`,
};

export interface Planted {
  readonly rule: string;
  readonly path: string;
  readonly content: string;
}

const planted = (rule: string, path: string, imported: string): Planted => ({
  rule,
  path,
  content: `import { x } from '${imported}'; export const y = x;`,
});

export const PLANTED: readonly Planted[] = [
  planted('domain-imports-only-kernel-and-xstate', 'src/modules/products/domain/planted-package.ts', 'zod'),
  planted('domain-imports-only-kernel-and-xstate', 'src/modules/products/domain/planted-builtin.ts', 'node:fs'),
  planted(
    'domain-imports-only-kernel-and-xstate',
    'src/modules/products/domain/planted-application.ts',
    '../application/create-product',
  ),
  planted(
    'application-imports-no-infrastructure-or-api',
    'src/modules/products/application/planted-door.ts',
    '../api/products-router',
  ),
  planted('application-imports-no-infrastructure-or-api', 'src/modules/products/application/planted-package.ts', 'pg'),
  planted(
    'application-knows-platform-by-type-alone',
    'src/modules/products/application/planted-platform.ts',
    '../../../platform/http/server',
  ),
  planted(
    'infrastructure-does-not-import-api',
    'src/modules/products/infrastructure/planted-door.ts',
    '../api/products-router',
  ),
  planted(
    'only-composition-imports-infrastructure',
    'src/modules/products/api/planted-adapter.ts',
    '../infrastructure/postgres-products',
  ),
  planted(
    'only-composition-imports-infrastructure',
    'src/planted-adapter.ts',
    './modules/products/infrastructure/postgres-products',
  ),
  planted(
    'modules-do-not-import-each-other',
    'src/modules/products/api/planted-neighbour.ts',
    '../../identity/domain/user',
  ),
  planted('kernel-imports-nothing', 'src/kernel/planted-package.ts', 'zod'),
  planted('platform-imports-no-module', 'src/platform/http/planted-module.ts', '../../modules/identity/domain/user'),
  planted('only-composition-reads-the-configuration', 'src/platform/http/planted-settings.ts', '../../config/settings'),
  planted(
    'only-identity-makes-principals',
    'src/modules/products/infrastructure/planted-principal.ts',
    '../../../kernel/authenticated-principal',
  ),
  planted('client-imports-only-type-AppRouter', 'examples/planted-kernel.ts', '../src/kernel/ids'),
  planted('client-runs-no-server-code', 'examples/planted-value.ts', '../src/container'),
  planted('source-imports-no-tests-or-tools', 'src/planted-test.ts', '../tests/api/products.test'),
  planted('source-imports-no-dev-dependency', 'src/planted-tool.ts', 'fast-check'),
  planted('no-unresolvable', 'src/planted-nowhere.ts', './nowhere'),
  planted('no-circular', 'src/planted-circle.ts', './planted-circle'),
];
