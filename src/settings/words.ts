/** Says what a schema allows and what was given, for messages and for documentation. */
import type { TSchema } from 'typebox'
import type { Notes } from './schema.ts'

interface Words extends Notes<unknown> {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly anyOf?: readonly TSchema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
}

/** What a schema allows, such as `a whole number from 0 to 65535`. */
export function allowedBy(schema: TSchema): string {
  const words = schema as Words
  if (words.allowed !== undefined) return words.allowed
  if (words.enum !== undefined) return words.enum.join(', ')
  if (words.anyOf !== undefined) return [...new Set(words.anyOf.map(allowedBy))].join(', or ')
  switch (words.type) {
    case 'boolean':
      return 'true, false'
    case 'integer':
      return `a whole number${words.unit === 'ms' ? ' of milliseconds' : ''}${bounds(words)}`
    case 'number':
      return `a number${bounds(words)}`
    case 'string':
      return 'text that is not empty'
    case 'array':
      return 'a list'
    default:
      return 'an object of settings'
  }
}

function bounds({ minimum, exclusiveMinimum, maximum }: Words): string {
  const from = minimum === undefined ? '' : ` from ${String(minimum)}`
  const above = exclusiveMinimum === undefined ? '' : ` above ${String(exclusiveMinimum)}`
  return from + above + (maximum === undefined ? '' : ` to ${String(maximum)}`)
}

const MAX_SHOWN = 60

/**
 * What was given, after the setting's name: `is "fulll"`. Never a secret, and nothing that may have
 * one in it: of a group or a list only that it is one, of an address neither password nor query.
 */
export function shown(schema: TSchema, value: unknown): string {
  const { secret = false, holdsUrl = false } = schema as Words
  if (value === undefined) return 'is undefined'
  if (value === null) return 'is null'
  if (value === '') return 'is empty'
  if (Array.isArray(value)) return value.length === 0 ? 'is an empty list' : 'is a list'
  if (typeof value === 'object') return 'is an object'
  if (typeof value === 'function') return 'is a function'
  if (typeof value === 'boolean') return `is ${String(value)}`
  if (secret || !isSingle(schema)) return 'has a value that cannot be used and is not shown'
  if (typeof value !== 'string') return `is ${inspect(value)}`
  const text = holdsUrl || value.includes('://') ? withoutSecrets(value) : value
  return `is ${JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text)}`
}

/** Numbers and the like, `NaN` among them. */
function inspect(value: unknown): string {
  return typeof value === 'number' ? String(value) : typeof value
}

function withoutSecrets(address: string): string {
  return address.replace(/[?#][^]*$/, '?…').replace(/\/\/[^/]*@/, '//…@')
}

/** A group that is given as text may hold the secret that belongs into it. */
function isSingle(schema: TSchema): boolean {
  const { type, anyOf } = schema as Words
  if (anyOf !== undefined) return anyOf.some((one) => (one as Words).type !== 'object')
  return type !== 'object' && type !== 'array'
}
