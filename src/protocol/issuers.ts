/**
 * `GET /outright/v1/issuers`: which other issuers there are, how their tokens are read, and their
 * keys. A guard asks for it when a token of one arrives; `docs/feed.md` describes it.
 */
import type { IssuerTerms, Need, TokenRules } from '../domain/token-rules.ts'
import type { SightingRules } from './sightings.ts'

/** Where guards find it. */
export const issuersPath = '/outright/v1/issuers'

export interface WireIssuer extends IssuerTerms {
  /** Null where the node could not get them: then its tokens cannot be judged. */
  readonly keys: { readonly keys: readonly Readonly<Record<string, unknown>>[] } | null
}

export interface WireIssuers {
  readonly issuers: readonly WireIssuer[]
  /** Whether guards tell of the logins that they see. Not there: they do not. */
  readonly sightings?: SightingRules
}

/**
 * Reads the document.
 *
 * @throws {TypeError} Where it is not one. What is not understood is never half believed.
 */
export function readIssuers(document: unknown): readonly WireIssuer[] {
  const { issuers } = fieldsOf(document)
  if (!Array.isArray(issuers)) throw wrong('issuers')
  return issuers.map(readIssuer)
}

function readIssuer(value: unknown): WireIssuer {
  const issuer = fieldsOf(value)
  const { name, issuer: iss, maxTokenLifeSeconds, clockSkewSeconds, keys } = issuer
  if (typeof name !== 'string' || typeof iss !== 'string' || iss === '') throw wrong('issuer')
  if (typeof maxTokenLifeSeconds !== 'number' || typeof clockSkewSeconds !== 'number') {
    throw wrong('times')
  }
  if (keys !== null && !Array.isArray(fieldsOf(keys)['keys'])) throw wrong('keys')
  return {
    name,
    issuer: iss,
    aliases: texts(issuer['aliases'], 'aliases'),
    rules: readRules(issuer['rules']),
    audience: texts(issuer['audience'], 'audience'),
    maxTokenLifeSeconds,
    clockSkewSeconds,
    keys: keys as WireIssuer['keys'],
  }
}

function readRules(value: unknown): TokenRules {
  const rules = fieldsOf(value)
  const { needs } = rules
  if (!Array.isArray(needs)) throw wrong('needs')
  return {
    subject: texts(rules['subject'], 'subject'),
    session: texts(rules['session'], 'session'),
    client: texts(rules['client'], 'client'),
    id: texts(rules['id'], 'id'),
    audience: texts(rules['audience'], 'audience'),
    loggedInAt: texts(rules['loggedInAt'], 'loggedInAt'),
    types: texts(rules['types'], 'types'),
    needs: needs.map(readNeed),
    never: texts(rules['never'], 'never'),
  }
}

function readNeed(value: unknown): Need {
  const { claims, values } = fieldsOf(value)
  return {
    claims: texts(claims, 'needs'),
    ...(values === undefined ? {} : { values: texts(values, 'needs') }),
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw wrong('object')
  return value as Readonly<Record<string, unknown>>
}

function texts(value: unknown, what: string): readonly string[] {
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string')) throw wrong(what)
  return value as readonly string[]
}

function wrong(what: string): TypeError {
  return new TypeError(`Cannot read issuers: ${what} is not what it should be`)
}
