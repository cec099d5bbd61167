import type { Parameter } from './types';

/** A parameter of the path, the query or the headers: what is no field of a JSON body cannot be null, whatever its schema takes by tRPC. */
export function parameterOf(parameter: Parameter): Parameter {
  const { anyOf } = parameter.schema as { anyOf?: { type?: string; description?: string }[] };
  const given = anyOf?.filter(({ type }) => type !== 'null') ?? [];
  const [only, another] = given;
  if (only === undefined || another !== undefined) return parameter;
  const { description, ...schema } = only;
  return { ...parameter, ...(description === undefined ? {} : { description }), schema };
}
