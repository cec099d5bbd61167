import type { RecordOperation } from './metrics';

/**
 * The same object, with the time and outcome of the named methods recorded. For methods that answer a promise.
 * @example measured(store, ['put', 'get', 'head'], metrics.storeOperation)
 */
export function measured<Target extends object>(
  target: Target,
  operations: readonly (keyof Target & string)[],
  record: RecordOperation,
): Target {
  const wrapped = new Map<string | symbol, unknown>(
    operations.map((name) => [name, measuredMethod(target, name, record)]),
  );
  return new Proxy(target, {
    get(from, name) {
      const method = wrapped.get(name);
      if (method !== undefined) return method;
      const value: unknown = Reflect.get(from, name, from);
      // private fields are reached only through the object itself
      return typeof value === 'function' ? value.bind(from) : value;
    },
  });
}

function measuredMethod<Target extends object>(target: Target, name: keyof Target & string, record: RecordOperation) {
  const method = target[name] as (...args: unknown[]) => Promise<unknown>;
  return async (...args: unknown[]): Promise<unknown> => {
    const startedAt = performance.now();
    try {
      const result = await method.apply(target, args);
      record(name, 'ok', (performance.now() - startedAt) / 1000);
      return result;
    } catch (error) {
      record(name, 'error', (performance.now() - startedAt) / 1000);
      throw error;
    }
  };
}
