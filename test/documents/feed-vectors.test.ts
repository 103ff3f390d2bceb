/**
 * `docs/feed-vectors.json`, by which a guard in another language can be tested: it holds what this
 * code does, and this code holds to it. With `OUTRIGHT_UPDATE=1` it is written anew.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { before, suite, test } from 'node:test'
import { format } from 'prettier'
import { decodeGuardFrame, decodeNodeFrame } from '../../src/protocol/feed-decode.ts'
import { encodeGuardFrame, encodeNodeFrame } from '../../src/protocol/feed-encode.ts'
import type { GuardFrame, NodeFrame } from '../../src/protocol/feed.ts'
import type { Scope } from '../../src/domain/scope.ts'
import { isAlive } from '../../src/verifier/alive.ts'
import type { AccessClaims } from '../../src/verifier/claims.ts'
import { fingerprint } from '../../src/verifier/fingerprint.ts'
import { Replica } from '../../src/verifier/replica.ts'
import { tokenFacts } from '../../src/verifier/token-facts.ts'
import { cases, frames, names, notFrames, type AliveCase } from './feed-vectors.ts'

interface Vectors {
  readonly about: string
  readonly fingerprints: readonly { scope: Scope; issuer: string; key: string; hex: string }[]
  readonly frames: readonly { from: 'node' | 'guard'; frame: object; hex: string }[]
  readonly notFrames: readonly { from: 'node' | 'guard'; why: string; hex: string }[]
  readonly alive: readonly AliveCase[]
}

const file = new URL('../../docs/feed-vectors.json', import.meta.url)

const made: Vectors = {
  about:
    'For guards in other languages: docs/feed.md says what each part means. Fingerprints are 16 hexadecimal digits, the upper word first. ' +
    'Words of entries are numbers: upper, lower, second, value, kind. Claims are those that "alive" reads once the rest of the token is good.',
  fingerprints: names.map(([scope, key, issuer = '']) => ({
    scope,
    issuer,
    key,
    hex: hexOf(scope, key, issuer),
  })),
  frames: [
    ...frames.node.map((frame) => ({
      from: 'node' as const,
      frame: toJson(frame),
      hex: toHex(encodeNodeFrame(frame)),
    })),
    ...frames.guard.map((frame) => ({
      from: 'guard' as const,
      frame: toJson(frame),
      hex: toHex(encodeGuardFrame(frame)),
    })),
  ],
  notFrames,
  alive: cases,
}

let vectors: Vectors

before(async () => {
  if (process.env['OUTRIGHT_UPDATE'] === '1') {
    await writeFile(file, await format(JSON.stringify(made), { parser: 'json', printWidth: 100 }))
  }
  vectors = JSON.parse(await readFile(file, 'utf8')) as Vectors
})

suite('docs/feed-vectors.json', () => {
  test('is what this code makes', () => {
    assert.deepEqual(vectors, made)
  })

  test('its fingerprints are the last half of a UUID, SHA-256 by another hand, or both', () => {
    for (const { scope, issuer, key, hex } of vectors.fingerprints) {
      assert.equal(hex, hexByHand(scope, key, issuer), `${scope} ${key}`)
    }
  })

  test('its frames are read and written', () => {
    for (const { from, frame, hex } of vectors.frames) {
      const bytes = Uint8Array.from(Buffer.from(hex, 'hex'))
      const read = from === 'node' ? decodeNodeFrame(bytes) : decodeGuardFrame(bytes)
      assert.deepEqual(toJson(read), frame)
    }
  })

  test('what is no frame there is none here', () => {
    for (const { from, hex, why } of vectors.notFrames) {
      const bytes = Uint8Array.from(Buffer.from(hex, 'hex'))
      const decode = from === 'node' ? decodeNodeFrame : decodeGuardFrame
      assert.throws(() => decode(bytes), { name: 'FeedFormatError' }, why)
    }
  })

  test('what is alive there is alive here, and nothing else', () => {
    for (const { why, entries, claims, kid, alive } of vectors.alive) {
      const replica = new Replica()
      replica.applyWords(Uint32Array.from(entries.flat()), entries.length)
      const rest = { kid, aud: ['api'], iss: 'i', iat: 0, nbf: 0, exp: 0 }
      const verified = { ...claims, ...rest } as unknown as AccessClaims
      assert.equal(isAlive(replica, tokenFacts(verified)), alive, why)
    }
  })
})

function hexOf(scope: Scope, key: string, issuer: string): string {
  const { high, low } = fingerprint(scope, key, issuer)
  return [high, low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** A frame as `docs/feed.md` writes it. */
function toJson(frame: NodeFrame | GuardFrame): object {
  return JSON.parse(
    JSON.stringify(frame, (_name, value: unknown) => {
      if (value instanceof Uint32Array) return [...value]
      if (value instanceof Uint8Array) return toHex(value)
      if (value instanceof Map) return Object.fromEntries(value as Map<string, number>)
      return value
    }),
  ) as object
}

function hexByHand(scope: Scope, key: string, issuer: string): string {
  const hashOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16)
  const [, name, half] =
    /^(?:(.*) )?[0-9a-f]{8}-(?:[0-9a-f]{4}-){2}([0-9a-f]{4}-[0-9a-f]{12})$/.exec(key) ?? []
  const isMinted = ['token', 'session', 'signing_key', 'participant'].includes(scope)
  if (issuer !== '') return hashOf(`\0${scope}\0${issuer}\0${key}`)
  if (!isMinted || half === undefined) return hashOf(`${scope}\0${key}`)
  const id = half.replace('-', '')
  if (name === undefined) return id
  const both = BigInt(`0x${id}`) ^ BigInt(`0x${hashOf(`${scope}\0${name}`)}`)
  return both.toString(16).padStart(16, '0')
}
