import { Type, type TSchema } from 'typebox'

/**
 * What a variable or an option of the command line says. Text of no other meaning than one: `1e3`,
 * `0x10`, ` 5` and `yes` stay text, which the schema then refuses by name. A list has commas
 * between its values.
 */
export function readText(schema: TSchema, text: string): unknown {
  if (Type.IsBoolean(schema)) return text === 'true' ? true : text === 'false' ? false : text
  if (Type.IsInteger(schema)) return /^-?\d{1,15}$/.test(text) ? Number(text) : text
  if (Type.IsNumber(schema)) return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? Number(text) : text
  if (Type.IsArray(schema)) return text.split(',')
  return text
}
