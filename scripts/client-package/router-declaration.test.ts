import { expect, test } from 'bun:test';
import { routerDeclaration } from './router-declaration';

const SHAPE = '{ message: string; data: { code: "NOT_FOUND"; details?: {} | null; }; }';
const router = (output: string) => `import type { Container } from '../container';
export declare const router: import("@trpc/server").TRPCBuiltRouter<{
    ctx: import("../platform/http/request-context").RequestContext;
    errorShape: ${SHAPE};
}, { get: { output: ${output}; meta: import("../platform/http/procedures").ProcedureMeta; errorShape: ${SHAPE}; } }>;
`;

test('a router is declared by the types of tRPC alone, and its errors are written out once', () => {
  expect(routerDeclaration(router('{ id: string; }'))).toBe(`type ErrorShape = ${SHAPE};
export type AppRouter = import("@trpc/server").TRPCBuiltRouter<{
    ctx: object;
    errorShape: ErrorShape;
}, { get: { output: { id: string; }; meta: object; errorShape: ErrorShape; } }>;
`);
});

test('an output that has only a name of the server’s is refused: nobody else knows it', () => {
  const named = router('import("../modules/products/domain/product").Product');
  expect(() => routerDeclaration(named)).toThrow('import("../modules/products/domain/product").Product');
});
