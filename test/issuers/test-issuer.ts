/** An identity provider of a test: discovery, keys, and tokens of any shape, signed for real. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTHeaderParameters,
} from 'jose'
import { logoutEvent } from '../../src/protocol/logout-token.ts'

type Claims = Readonly<Record<string, unknown>>

export interface TestIssuer {
  /** Where it listens: its `iss`, unless a token says another. */
  readonly url: string
  /** How often its keys were fetched. */
  readonly keyFetches: () => number
  /** Signs with the key that it has now. */
  sign(claims: Claims, header?: Partial<JWTHeaderParameters>): Promise<string>
  /** A logout token for the client `outright`. */
  logoutToken(claims: Claims, header?: Partial<JWTHeaderParameters>): Promise<string>
  /** Another key signs from now on; the old one is published for longer where it is kept. */
  rotate(keeps: boolean): Promise<void>
  /** What it answers instead of its documents, until undefined is set. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
  /** What it publishes besides its own keys. */
  readonly strangeKeys: unknown[]
  /** What it publishes of itself besides. */
  readonly metadata: Record<string, unknown>
  /** What it answers at other paths; undefined is 400. */
  readonly endpoints: Map<string, (request: IncomingMessage, body: string) => Promise<unknown>>
  close(): Promise<void>
}

export async function startIssuer(algorithm = 'RS256'): Promise<TestIssuer> {
  let fetches = 0
  let kidNumber = 0
  let published: JWK[] = []
  let signing: { readonly key: CryptoKey; readonly kid: string } | undefined
  const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
    const endpoint = issuer.endpoints.get(request.url ?? '')
    if (endpoint !== undefined) return endpoint(request, await text(request))
    if (request.url !== '/jwks') {
      return { issuer: issuer.url, jwks_uri: `${issuer.url}/jwks`, ...issuer.metadata }
    }
    fetches++
    return { keys: [...published, ...issuer.strangeKeys] }
  }
  const server = createServer((request, response) => {
    if (issuer.answer !== undefined) {
      issuer.answer(request, response)
      return
    }
    void bodyOf(request).then((body) => {
      response.statusCode = body === undefined ? 400 : 200
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(body ?? { error: 'invalid_grant' }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const issuer: TestIssuer = {
    url: `http://127.0.0.1:${String(port)}`,
    keyFetches: () => fetches,
    answer: undefined,
    strangeKeys: [],
    metadata: {},
    endpoints: new Map(),
    async sign(claims, header = {}) {
      if (signing === undefined) throw new Error('it has no key')
      const { key, kid } = signing
      const nowSeconds = Math.floor(Date.now() / 1000)
      return new SignJWT({ iss: issuer.url, iat: nowSeconds, exp: nowSeconds + 300, ...claims })
        .setProtectedHeader({ alg: algorithm, kid, ...header })
        .sign(key)
    },
    logoutToken: (claims, header = {}) =>
      issuer.sign(
        { aud: 'outright', jti: crypto.randomUUID(), events: { [logoutEvent]: {} }, ...claims },
        { typ: 'logout+jwt', ...header },
      ),
    async rotate(keeps) {
      const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
      const kid = `key-${String(++kidNumber)}`
      const jwk = { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: algorithm }
      published = keeps ? [...published, jwk] : [jwk]
      signing = { key: privateKey, kid }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
  await issuer.rotate(false)
  return issuer
}
