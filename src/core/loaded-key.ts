import { createHmac } from 'node:crypto'
import { exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose'
import type { SigningKey } from '../ports/store.ts'
import { jwtSigner, type SignJwt } from './jwt-signer.ts'

/** A key of the store, ready to sign and to verify. */
export interface LoadedKey {
  readonly kid: string
  readonly algorithm: SigningKey['algorithm']
  readonly sign: SignJwt
  /** A secret derived from the private key, another for each purpose. */
  readonly secret: (purpose: string) => Buffer
  readonly publicKey: CryptoKey
  readonly publicJwk: JWK
}

/** Makes a key, which is stored nowhere yet. */
export async function newKey(
  kid: string,
  algorithm: SigningKey['algorithm'],
  nowMs: number,
): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
  return {
    kid,
    algorithm,
    privateJwk: JSON.stringify(await exportJWK(privateKey)),
    createdAtMs: nowMs,
    retiredAtMs: undefined,
    removeAfterMs: undefined,
  }
}

/** Makes a stored key ready. */
export async function loadKey(key: SigningKey): Promise<LoadedKey> {
  const privateJwk = JSON.parse(key.privateJwk) as JWK
  const { kty, crv, x, y, n, e } = privateJwk
  const publicJwk: JWK = {
    ...Object.fromEntries(
      Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined),
    ),
    kid: key.kid,
    alg: key.algorithm,
    use: 'sig',
  }
  const publicKey = await importJWK(publicJwk, key.algorithm)
  return {
    kid: key.kid,
    algorithm: key.algorithm,
    sign: jwtSigner(key),
    secret: (purpose) => createHmac('sha256', key.privateJwk).update(purpose).digest(),
    publicKey: publicKey as CryptoKey,
    publicJwk,
  }
}
