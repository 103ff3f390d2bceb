/** A client that makes DPoP proofs, and wrong ones where a test wants them. */
import { hash } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose'

/** What a proof is for, and how it is changed. */
export interface WantedProof {
  readonly method?: string
  readonly url: string
  readonly token?: string
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
}

export interface DpopClient {
  readonly thumbprint: string
  readonly publicJwk: JWK
  readonly privateJwk: JWK
  proof(wanted: WantedProof): Promise<string>
}

export async function dpopClient(
  alg = 'ES256',
  nowMs: () => number = Date.now,
): Promise<DpopClient> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const publicJwk = await exportJWK(publicKey)
  return {
    thumbprint: await calculateJwkThumbprint(publicJwk),
    publicJwk,
    privateJwk: await exportJWK(privateKey),
    proof({ method = 'GET', url, token, claims, header }) {
      const payload = {
        jti: crypto.randomUUID(),
        htm: method,
        htu: url,
        iat: Math.floor(nowMs() / 1000),
        ...(token === undefined ? {} : { ath: hash('sha256', token, 'base64url') }),
        ...claims,
      }
      return new SignJWT(payload)
        .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk: publicJwk, ...header })
        .sign(privateKey)
    },
  }
}
