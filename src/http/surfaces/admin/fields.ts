/**
 * Reading bodies and queries: every field is asked for by name, all complaints are gathered and
 * sent together, and what was not asked for is refused, so that a misspelt `dryrun` cannot end
 * anything.
 */
import { parseRange } from '../../client-address.ts'
import { readJson, type JsonObject } from '../../body.ts'
import { refuse } from '../../../domain/failure.ts'
import type { WireFieldProblem } from '../../../protocol/admin-api.ts'
import type { DialectRequest } from '../../dialect.ts'
import { Problem } from './problem.ts'

/** Bounds of a text field, in characters. `shape` says what is wrong with a text, or undefined. */
export interface TextRule {
  readonly longest: number
  readonly shape?: (text: string) => string | undefined
}

/** The fields of one body. Each reader gives undefined where the field is absent or wrong. */
export interface Fields {
  has(name: string): boolean
  text(name: string, rule: TextRule): string | undefined
  requiredText(name: string, rule: TextRule): string
  flag(name: string): boolean
  /** A whole number from 1. */
  count(name: string, most: number): number | undefined
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined
  requiredChoice<T extends string>(name: string, choices: readonly T[]): T
  texts(name: string, rule: TextRule & { readonly most: number }): readonly string[] | undefined
  object(name: string, maxJsonLength: number): JsonObject | undefined
  complain(name: string, detail: string): void
}

/**
 * Reads a JSON body.
 *
 * @param read Asks for the fields. Its result is given back only if there was no complaint.
 * @throws {Problem} `validation-failed` with every complaint.
 * @throws {Refusal} `unsupported_media_type`, `malformed_request`.
 */
export function readBody<T>(request: DialectRequest, read: (fields: Fields) => T): T {
  const type = request.header('content-type')
  if (request.body.length > 0 && type !== undefined && !/^application\/json\s*(;|$)/i.test(type)) {
    return refuse({ kind: 'unsupported_media_type' })
  }
  const body = readJson(request)
  const errors: WireFieldProblem[] = []
  const asked = new Set<string>()
  const result = read(fieldsOf(body, asked, errors))
  for (const name of Object.keys(body)) {
    if (!asked.has(name)) errors.push({ pointer: pointer(name), detail: 'is not a field here' })
  }
  failIfAny(errors)
  return result
}

function fieldsOf(body: JsonObject, asked: Set<string>, errors: WireFieldProblem[]): Fields {
  const value = (name: string): unknown => {
    asked.add(name)
    return Object.hasOwn(body, name) ? (body[name] ?? undefined) : undefined
  }
  const complain = (name: string, detail: string): undefined => {
    errors.push({ pointer: pointer(name), detail })
    return undefined
  }
  const text = (name: string, rule: TextRule): string | undefined => {
    const given = value(name)
    if (given === undefined) return undefined
    const wrong = typeof given === 'string' ? wrongText(given, rule) : 'must be a string'
    return wrong === undefined ? (given as string) : complain(name, wrong)
  }
  const choice = <T extends string>(name: string, choices: readonly T[]): T | undefined => {
    const given = value(name)
    if (given === undefined) return undefined
    const found = choices.find((one) => one === given)
    return found ?? complain(name, `must be one of ${choices.join(', ')}`)
  }
  return {
    has: (name) => value(name) !== undefined,
    text,
    choice,
    complain(name, detail) {
      complain(name, detail)
    },
    requiredText(name, rule) {
      if (value(name) === undefined) complain(name, 'is missing')
      return text(name, rule) ?? ''
    },
    requiredChoice(name, choices) {
      if (value(name) === undefined) complain(name, 'is missing')
      return choice(name, choices) ?? (choices[0] as (typeof choices)[number])
    },
    flag(name) {
      const given = value(name)
      if (given !== undefined && typeof given !== 'boolean') complain(name, 'must be true or false')
      return given === true
    },
    count(name, most) {
      const given = value(name)
      if (given === undefined || isCount(given, most)) return given
      return complain(name, `must be a whole number from 1 to ${String(most)}`)
    },
    texts(name, rule) {
      const given = value(name)
      if (given === undefined) return undefined
      if (!Array.isArray(given)) return complain(name, 'must be a list of strings')
      if (given.length > rule.most) {
        return complain(name, `has more than ${String(rule.most)} entries`)
      }
      for (const [index, entry] of (given as unknown[]).entries()) {
        const wrong = typeof entry === 'string' ? wrongText(entry, rule) : 'must be a string'
        if (wrong !== undefined) complain(`${name}/${String(index)}`, wrong)
      }
      return given as readonly string[]
    },
    object(name, maxJsonLength) {
      const given = value(name)
      if (given === undefined) return undefined
      const wrong = wrongObject(given, maxJsonLength)
      return wrong === undefined ? (given as JsonObject) : complain(name, wrong)
    },
  }
}

function wrongObject(given: unknown, maxJsonLength: number): string | undefined {
  if (typeof given !== 'object' || Array.isArray(given)) return 'must be an object'
  return JSON.stringify(given).length <= maxJsonLength
    ? undefined
    : `is longer than ${String(maxJsonLength)} characters of JSON`
}

function isCount(given: unknown, most: number): given is number {
  return Number.isSafeInteger(given) && Number(given) >= 1 && Number(given) <= most
}

function pointer(name: string): string {
  return `#/${name}`
}

function wrongText(text: string, { longest, shape }: TextRule): string | undefined {
  if (text === '') return 'must not be empty'
  if (text.length > longest) return `must have at most ${String(longest)} characters`
  // Also what cannot be stored as UTF-8 and read back the same.
  if (/\p{Cc}/u.test(text) || !text.isWellFormed()) return 'must not hold control characters'
  return shape?.(text)
}

function failIfAny(errors: readonly WireFieldProblem[]): void {
  if (errors.length === 0) return
  const summary = errors
    .slice(0, 3)
    .map(
      ({ pointer: at, parameter, detail }) =>
        `${(at?.slice(2) ?? parameter ?? '').slice(0, 64)} ${detail}`,
    )
    .join('; ')
  throw new Problem('validation-failed', summary, errors.slice(0, 20))
}

/**
 * Reads the query.
 *
 * @param names Every parameter that the route knows; each may be sent once.
 * @returns The values that are there.
 * @throws {Problem} `validation-failed` for unknown, repeated, empty and overlong parameters.
 */
export function readQuery<N extends string>(
  request: DialectRequest,
  names: readonly N[],
): Readonly<Partial<Record<N, string>>> {
  const errors: WireFieldProblem[] = []
  const values: Partial<Record<N, string>> = {}
  for (const parameter of new Set(request.query.keys())) {
    const name = names.find((known) => known === parameter)
    const [first = '', ...others] = request.query.getAll(parameter)
    const wrong =
      name === undefined
        ? `is not known here; known: ${names.join(', ') || 'none'}`
        : others.length > 0
          ? 'is sent more than once'
          : wrongText(first, { longest: 1024 })
    if (name === undefined || wrong !== undefined) {
      errors.push({ parameter: parameter.slice(0, 64), detail: wrong ?? 'is not known here' })
    } else {
      values[name] = first
    }
  }
  failIfAny(errors)
  return values
}

/** @throws {Problem} `validation-failed` that names a query parameter. */
export function refuseParameter(parameter: string, detail: string): never {
  throw new Problem('validation-failed', `${parameter} ${detail}`, [{ parameter, detail }])
}

/** Ids of subjects and clients: no white space, no colon (which keeps `client:42` apart). */
export const idRule: TextRule = {
  longest: 128,
  shape: (text) => (/[\s:]/.test(text) ? 'must not hold white space or a colon' : undefined),
}

export const nameRule: TextRule = { longest: 200 }

/** Keys of revocations: whatever an issuer may use as `jti`, `sid` or `sub`. */
export const keyRule: TextRule = { longest: 512 }

export const rangeRule: TextRule & { readonly most: number } = {
  longest: 64,
  most: 256,
  shape(text) {
    try {
      parseRange(text)
      return undefined
    } catch {
      return 'must be an address or a CIDR range'
    }
  },
}

export const redirectRule: TextRule & { readonly most: number } = {
  longest: 2048,
  most: 64,
  shape(text) {
    if (!URL.canParse(text)) return 'must be an absolute URL'
    return text.includes('#') ? 'must not have a fragment' : undefined
  },
}
