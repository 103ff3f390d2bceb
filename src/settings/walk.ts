import { Type, type TSchema } from 'typebox'
import type { Notes } from './schema.ts'

/** A setting of its own: what is not a group of others. */
export interface NamedSetting {
  /** Such as `dialects.matar.prefix`. */
  readonly name: string
  readonly path: readonly string[]
  readonly schema: TSchema & Notes<unknown>
}

/** Every setting below a schema, in its order. */
export function settingsBelow(schema: TSchema, path: readonly string[] = []): NamedSetting[] {
  const { allowed } = schema as Notes<unknown>
  // A group that says what is allowed is told as a whole.
  if (!Type.IsObject(schema) || Type.IsRecord(schema) || allowed !== undefined) {
    return [{ name: path.join('.'), path, schema }]
  }
  return Object.entries(schema.properties).flatMap(([name, member]) =>
    settingsBelow(member, [...path, name]),
  )
}

/** Every value under a schema that is marked as a secret, with its setting's name. */
export function secretsIn(
  schema: TSchema,
  value: unknown,
  name = '',
): readonly { readonly name: string; readonly value: unknown }[] {
  if (value === undefined) return []
  if ((schema as Notes<unknown>).secret === true) return [{ name, value }]
  if (Type.IsUnion(schema)) {
    // Several members may have a secret of the same name: it is told once.
    const found = schema.anyOf.flatMap((one) => secretsIn(one, value, name))
    return [...new Map(found.map((secret) => [secret.name, secret])).values()]
  }
  if (Type.IsArray(schema) && Array.isArray(value)) {
    return value.flatMap((item, at) => secretsIn(schema.items, item, `${name}[${String(at)}]`))
  }
  if (!Type.IsObject(schema) || Type.IsRecord(schema) || typeof value !== 'object') return []
  return Object.entries(schema.properties).flatMap(([member, own]) =>
    secretsIn(
      own,
      (value as Readonly<Record<string, unknown>> | null)?.[member],
      name === '' ? member : `${name}.${member}`,
    ),
  )
}
