import { kindOf, scopeRow, type Scope } from '../domain/scope.ts'
import { entryKinds } from '../protocol/feed.ts'
import { sha256Start } from './sha256.ts'
import { isUuid, lastHalf } from './uuid.ts'

/**
 * What a replica is keyed by: two halves of 64 bits, as signed 32-bit integers. Unsigned ones would
 * stand for the same, but every second would take an object of its own.
 */
export interface Fingerprint {
  readonly high: number
  readonly low: number
}

/** A revocation as a replica keeps it. Structural, so that the wire and the log both fit. */
export interface Entry {
  readonly scope: Scope
  /** Empty: ours. */
  readonly issuer: string
  readonly key: string
  /** The counter's value; 0 where there is no counter. */
  readonly generation: number
  /** The last second that is dead; 0 where there is no cut-off. */
  readonly cutoffSeconds: number
  readonly forgetAfterMs: number
}

/**
 * The fingerprint of what a revocation names. Ids that are minted here (of tokens, sessions and
 * signing keys) are UUIDs whose last 64 bits are random, so those are taken as they are; every
 * other name is hashed, with its scope, so that a name cannot be chosen to collide with another's
 * fingerprint. Where a minted id follows a name, it is the one XOR the other: as random as the id.
 *
 * What another issuer names is always hashed, with its scope and that issuer, which could choose
 * the last half of a UUID. A zero byte stands in front, as no scope begins with one: so it meets no
 * name of ours.
 *
 * @param issuer Whose tokens are named; empty: ours. Holds no zero byte.
 */
export function fingerprint(scope: Scope, key: string, issuer = ''): Fingerprint {
  if (issuer !== '') return sha256Start(`\0${scope}\0${issuer}\0${key}`)
  return scopeRow(scope).few === true ? remembered(scope, key, ofOurs) : ofOurs(scope, key)
}

function ofOurs(scope: Scope, key: string): Fingerprint {
  const { minted, key: claims } = scopeRow(scope)
  if (minted !== true) return hashed(scope, key)
  const idAt = claims.length === 1 ? 0 : key.indexOf(' ') + 1
  const id = key.slice(idAt)
  if (!isUuid(id)) return hashed(scope, key)
  const half = lastHalf(id)
  if (idAt === 0) return half
  const name = remembered(scope, key.slice(0, idAt - 1), hashed)
  return { high: half.high ^ name.high, low: half.low ^ name.low }
}

function hashed(scope: Scope, name: string): Fingerprint {
  return sha256Start(`${scope}\0${name}`)
}

/** Names of which there are few, each in very many tokens: those that were met lately. */
const lately = new Map<Scope, Map<string, Fingerprint>>()
const namesRemembered = 1000

function remembered(
  scope: Scope,
  name: string,
  make: (scope: Scope, name: string) => Fingerprint,
): Fingerprint {
  let names = lately.get(scope)
  if (names === undefined) lately.set(scope, (names = new Map()))
  const known = names.get(name)
  if (known !== undefined) return known
  if (names.size === namesRemembered) names.clear()
  const made = make(scope, name)
  names.set(name, made)
  return made
}

/** Writes an entry's words; everyone's counter has the fingerprint 0, 0. */
export function writeEntry(entry: Entry, words: Uint32Array, offset: number): void {
  const { scope, issuer, key } = entry
  const isEveryone = scope === 'everyone' && issuer === ''
  const { high, low } = isEveryone ? { high: 0, low: 0 } : fingerprint(scope, key, issuer)
  words[offset] = high
  words[offset + 1] = low
  words[offset + 2] = Math.min(Math.ceil(entry.forgetAfterMs / 1000), 0xffff_ffff)
  writeKind(entry, words, offset)
}

function writeKind(entry: Entry, words: Uint32Array, offset: number): void {
  const kind = kindOf(entry.scope, entry.issuer)
  switch (kind) {
    case 'narrow':
      words[offset + 3] = 0
      words[offset + 4] = entryKinds.revoked
      return
    case 'counter':
      words[offset + 3] = entry.generation
      words[offset + 4] = entryKinds.raised
      return
    case 'cutoff':
      words[offset + 3] = entry.cutoffSeconds
      words[offset + 4] = entryKinds.cutoff
      return
    case undefined:
      throw new RangeError(
        `Cannot follow entry: tokens of others cannot be ended by ${entry.scope}`,
      )
  }
}
