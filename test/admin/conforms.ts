/** A reader of the few words of JSON Schema that the document uses. */

type Schema = Readonly<Record<string, unknown>>

/**
 * Compares a value with a schema, more strictly than JSON Schema does: a property that is not
 * described is a complaint.
 *
 * @returns What does not fit, each with its place.
 */
export function complaints(value: unknown, schema: Schema, schemas: Schema, at = ''): string[] {
  const { $ref, anyOf, const: only, enum: choices } = schema
  if (typeof $ref === 'string') {
    const name = $ref.replace('#/components/schemas/', '')
    return complaints(value, schemas[name] as Schema, schemas, `${at}(${name})`)
  }
  if (Array.isArray(anyOf)) {
    const all = (anyOf as Schema[]).map((one) => complaints(value, one, schemas, at))
    return all.some((one) => one.length === 0) ? [] : all.flat()
  }
  if (only !== undefined && value !== only) return [`${at} is not ${JSON.stringify(only)}`]
  if (Array.isArray(choices) && !choices.includes(value))
    return [`${at} is none of ${choices.join()}`]
  return byType(value, schema, schemas, at)
}

function byType(value: unknown, schema: Schema, schemas: Schema, at: string): string[] {
  switch (schema['type']) {
    case 'object':
      return object(value, schema, schemas, at)
    case 'array':
      return Array.isArray(value)
        ? value.flatMap((item, index) =>
            complaints(item, schema['items'] as Schema, schemas, `${at}/${String(index)}`),
          )
        : [`${at} is no list`]
    case 'integer':
      return Number.isInteger(value) ? [] : [`${at} is no whole number`]
    case 'null':
      return value === null ? [] : [`${at} is not null`]
    case 'string':
      if (typeof value !== 'string') return [`${at} is no string`]
      return schema['format'] === 'date-time' && !/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)
        ? [`${at} is no time`]
        : []
    case undefined:
      return []
    default:
      return typeof value === schema['type'] ? [] : [`${at} is no ${String(schema['type'])}`]
  }
}

function object(value: unknown, schema: Schema, schemas: Schema, at: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${at} is no object`]
  if (schema['additionalProperties'] === true) return []
  const properties = schema['properties'] as Readonly<Record<string, Schema>>
  const required = (schema['required'] ?? []) as readonly string[]
  const given = value as Readonly<Record<string, unknown>>
  return [
    ...required.filter((name) => !(name in given)).map((name) => `${at}/${name} is missing`),
    ...Object.entries(given).flatMap(([name, inner]) => {
      const described = properties[name]
      return described === undefined
        ? [`${at}/${name} is not described`]
        : complaints(inner, described, schemas, `${at}/${name}`)
    }),
  ]
}
