/**
 * Refresh tokens: opaque, 22 characters of id and 43 of secret, base64url. The id is time-ordered
 * so that rows lie together; only the hash of the secret is stored. One that is bound to a key (RFC
 * 9449, section 5) names its thumbprint behind a dot, and the hash covers the name: a token that
 * names another key, or none any more, is unknown.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hash,
  type KeyObject,
} from 'node:crypto'
import type { Random } from '../ports/random.ts'
import type { RefreshTokenRecord } from '../ports/store.ts'
import { mintIdBytes } from './mint-id.ts'

const ID_LENGTH = 22
const SECRET_LENGTH = 43
const SHAPE = /^[A-Za-z0-9_-]{65}(?:\.[A-Za-z0-9_-]{43})?$/

export interface MintedRefreshToken {
  readonly token: string
  readonly record: RefreshTokenRecord
}

/** @param boundTo Thumbprint of the key that it is bound to. */
export function mintRefreshToken(
  random: Random,
  nowMs: number,
  expiresAtMs: number,
  boundTo?: string,
): MintedRefreshToken {
  const id = mintIdBytes(random, nowMs).toString('base64url')
  const secret = Buffer.from(random.bytes(32)).toString('base64url')
  const secretHash = hashSecret(secret, boundTo)
  const token = id + secret + (boundTo === undefined ? '' : `.${boundTo}`)
  return { token, record: { id, secretHash, expiresAtMs } }
}

export interface ParsedRefreshToken {
  readonly id: string
  readonly secretHash: string
  readonly secret: string
  /** Thumbprint of the key that it is bound to. */
  readonly boundTo: string | undefined
}

/** Returns undefined for anything that this server cannot have issued. */
export function parseRefreshToken(token: string): ParsedRefreshToken | undefined {
  if (!SHAPE.test(token)) return undefined
  const secret = token.slice(ID_LENGTH, ID_LENGTH + SECRET_LENGTH)
  const boundTo = token.split('.')[1]
  const secretHash = hashSecret(secret, boundTo)
  return { id: token.slice(0, ID_LENGTH), secret, secretHash, boundTo }
}

function hashSecret(secret: string, boundTo: string | undefined): string {
  return hash('sha256', boundTo === undefined ? secret : `${secret}.${boundTo}`, 'base64url')
}

/**
 * Seals the answer to a refresh under the token that was presented, so that only who holds that
 * token can be given the answer again: the store keeps it, and cannot read it.
 */
export function sealAnswer(random: Random, secret: string, answer: string): Uint8Array {
  const nonce = random.bytes(12)
  const cipher = createCipheriv('aes-256-gcm', sealingKey(secret), nonce)
  const parts = [nonce, cipher.update(answer, 'utf8'), cipher.final(), cipher.getAuthTag()]
  // In memory of its own: a buffer of Node's shared pool takes all 64 KB of it to another thread.
  return new Uint8Array(Buffer.concat(parts))
}

/** Opens what `sealAnswer` made. Throws where the bytes were changed. */
export function openAnswer(secret: string, sealed: Uint8Array): string {
  const bytes = Buffer.from(sealed)
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(secret), bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(-16))
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString(
    'utf8',
  )
}

/** As a key and not as bytes: of bytes Node 24 finds out what they are by two errors, 15 µs. */
function sealingKey(secret: string): KeyObject {
  return createSecretKey(hash('sha256', `outright refresh answer\0${secret}`, 'buffer'))
}
