/** One guard on one core with revocations loaded, and everything that is timed about its checks. */
import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { compactVerify, decodeJwt, exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose'
import { rulesOf } from '../../src/domain/issuer.ts'
import { issuersPath } from '../../src/protocol/issuers.ts'
import { products } from '../../src/testing/product-tokens.ts'
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { fingerprint } from '../../src/verifier/fingerprint.ts'
import { answerTasks } from '../http/child.ts'
import { collectGarbage } from '../http/watch.ts'
import { BenchFeed, ISSUER } from './feed.ts'
import { confirmation, provenRate, PUBLIC_URL } from './proofs.ts'
import { entryKinds, entryWords } from '../../src/protocol/feed.ts'

export interface RepeatedInput {
  readonly distinct: number
  readonly seconds: number
  /** Revocations that arrive meanwhile. */
  readonly entriesPerSecond: number
  /** Tokens of another issuer. */
  readonly foreign?: true
}

/** Tokens a second. */
export interface FreshFigures {
  readonly checked: number
  readonly verified: number
}

export interface NewsInput {
  readonly distinct: number
  readonly rounds: number
}

/** Checks between two looks at the clock and at the event loop. */
const CHECKS_PER_TURN = 1000
const FRESH_TOKENS = 4000
const FRESH_AT_ONCE = 100
/** Not timed: until the caches have what checks need, after so many signatures. */
const FRESH_BEFORE = 1000
const CACHE_SIZE = 250_000
/** So that the guard's pings have their turn meanwhile. */
const MINTED_AT_ONCE = 500

/** Shaped as a server's. */
const KID = '019a9d2e-6f3c-7d10-b0c4-1f6a2b9e8d77'

const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
const jwks = JSON.stringify({
  keys: [{ ...(await exportJWK(publicKey)), kid: KID, alg: 'ES256' }],
})
const FOREIGN = 'https://sso.example/realms/shop'
const FOREIGN_TOKENS = 1000
const BOUND_TOKENS = 1000
const foreignKeys = await generateKeyPair('RS256', { extractable: true })
const issuers = JSON.stringify({
  issuers: [
    {
      name: 'keycloak',
      issuer: FOREIGN,
      aliases: [],
      rules: rulesOf('keycloak', {}),
      audience: ['orders'],
      maxTokenLifeSeconds: 86_400,
      clockSkewSeconds: 2,
      keys: { keys: [{ ...(await exportJWK(foreignKeys.publicKey)), kid: 'k', alg: 'RS256' }] },
    },
  ],
})
let guard: Guard | undefined
let feed: BenchFeed | undefined
let tokens: Buffer[] = []
let foreign: Buffer[] = []
let newsSeconds = 4_000_000_000

answerTasks({ load, prepare, repeated, fresh, proven, news }, async () => {
  guard?.close()
})

/** @returns How long the snapshot took, in milliseconds. */
async function load(entries: number): Promise<number> {
  guard?.close()
  feed = new BenchFeed(entries)
  guard = createGuard({
    server: 'http://bench.invalid',
    credential: 'bench',
    connect: feed.connect,
    publicUrl: PUBLIC_URL,
    cacheSize: CACHE_SIZE,
    fetch: (url) =>
      Promise.resolve(
        new Response(new Request(url).url.includes(issuersPath) ? issuers : jwks, {
          headers: { 'content-type': 'application/json' },
        }),
      ),
  })
  await guard.ready()
  if (guard.status().entries !== entries) throw new Error('the snapshot is not complete')
  collectGarbage()
  return feed.snapshotMs
}

/** Signs tokens and has each checked once, so that they are known. */
async function prepare(count: number): Promise<void> {
  tokens = await mint(count)
  // Signing them took longer than a lease.
  await guard!.ready()
  for (const token of tokens) await accept(token.toString('latin1'))
  foreign = await mint(FOREIGN_TOKENS, signForeign)
  await guard!.ready()
  for (const token of foreign) await accept(token.toString('latin1'))
  collectGarbage()
}

/** Checks the tokens again and again, each from its bytes. @returns Checks a second. */
async function repeated(input: RepeatedInput): Promise<number> {
  const { distinct, seconds, entriesPerSecond } = input
  const checked = input.foreign === true ? foreign : tokens
  const startedMs = performance.now()
  let done = 0
  let published = 0
  let elapsedMs = 0
  while (elapsedMs < seconds * 1000) {
    for (let at = 0; at < CHECKS_PER_TURN; at++) {
      await accept(checked[done++ % distinct]!.toString('latin1'))
    }
    await turn()
    elapsedMs = performance.now() - startedMs
    const due = Math.floor((elapsedMs / 1000) * entriesPerSecond) - published
    if (due > 0) {
      feed?.publish(due)
      published += due
    }
  }
  return done / (elapsedMs / 1000)
}

/**
 * Checks tokens that were never seen, and verifies the signatures of as many others and nothing
 * else of them, a hundred at a time in turns: what slows the machine down slows both. Garbage is
 * collected when it is, as in any server: forced to, V8 throws away optimized code as well.
 */
async function fresh(): Promise<FreshFigures> {
  const strange = await mint(FRESH_BEFORE + FRESH_TOKENS)
  const others = await mint(FRESH_BEFORE + FRESH_TOKENS)
  await guard!.ready()
  let checkedMs = 0
  let verifiedMs = 0
  for (let from = 0; from < strange.length; from += FRESH_AT_ONCE) {
    const startedMs = performance.now()
    for (const token of strange.slice(from, from + FRESH_AT_ONCE)) {
      // Not by `accept`: what it takes to wait for it would be counted on one side only.
      const verdict = await guard!.check(token.toString('latin1'))
      if (!verdict.ok) throw new Error(`a new token was ${verdict.reason}`)
    }
    const betweenMs = performance.now()
    for (const token of others.slice(from, from + FRESH_AT_ONCE)) {
      await compactVerify(token.toString('latin1'), publicKey)
    }
    if (from < FRESH_BEFORE) continue
    checkedMs += betweenMs - startedMs
    verifiedMs += performance.now() - betweenMs
  }
  const perSecond = (spentMs: number): number => (FRESH_TOKENS * 1000) / spentMs
  return { checked: perSecond(checkedMs), verified: perSecond(verifiedMs) }
}

/** Tokens that are known and bound to a key, each time with a proof of it. */
async function proven(): Promise<FreshFigures> {
  const bound = await mint(BOUND_TOKENS, () => sign(privateKey, { cnf: confirmation }))
  return provenRate(
    guard!,
    bound.map((token) => token.toString('latin1')),
  )
}

/**
 * Every check comes first after news that might concern the token, and has to look everything up.
 *
 * @returns Nanoseconds each.
 */
async function news({ distinct, rounds }: NewsInput): Promise<number> {
  const entries = neighbours(tokens.slice(0, distinct))
  let spentMs = 0
  for (let round = 0; round < rounds; round++) {
    // The same entries, each to be remembered a second longer: a change that adds nothing.
    for (let at = 0; at < entries.length; at += 4) entries[at + 2] = ++newsSeconds
    feed?.publishEntries(entries.slice())
    const startedMs = performance.now()
    for (let at = 0; at < distinct; at++) await accept(tokens[at]!.toString('latin1'))
    spentMs += performance.now() - startedMs
    await turn()
  }
  return (spentMs * 1e6) / (distinct * rounds)
}

/** Entries for other sessions that a guard cannot tell from those of the tokens without looking. */
function neighbours(some: readonly Buffer[]): Uint32Array<ArrayBuffer> {
  const entries = new Uint32Array(some.length * entryWords)
  for (const [index, token] of some.entries()) {
    const { sid } = decodeJwt<{ sid: string }>(token.toString('latin1'))
    const { high } = fingerprint('session', sid)
    entries.set([(high ^ 0x10_0000) >>> 0, index, 0, 0, entryKinds.revoked], index * entryWords)
  }
  return entries
}

async function accept(token: string): Promise<void> {
  const verdict = await guard!.check(token)
  if (!verdict.ok) throw new Error(`a good token was ${verdict.reason}`)
}

async function mint(
  count: number,
  signOne: () => Promise<Buffer> = () => sign(privateKey),
): Promise<Buffer[]> {
  const minted: Buffer[] = []
  while (minted.length < count) {
    const some = Math.min(MINTED_AT_ONCE, count - minted.length)
    minted.push(...(await Promise.all(Array.from({ length: some }, signOne))))
  }
  return minted
}

/** A token as Keycloak signs it. */
async function signForeign(): Promise<Buffer> {
  const nowSeconds = Math.floor(Date.now() / 1000)
  const token = await new SignJWT({
    ...products['keycloak']!.access,
    jti: randomUUID(),
    sub: randomUUID(),
    sid: randomUUID(),
  })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'k' })
    .setIssuer(FOREIGN)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + 3600)
    .sign(foreignKeys.privateKey)
  return Buffer.from(token, 'latin1')
}

/** A token as the server signs it. */
async function sign(key: CryptoKey, more: object = {}): Promise<Buffer> {
  const nowSeconds = Math.floor(Date.now() / 1000)
  const token = await new SignJWT({
    aud: ['api'],
    sub: randomUUID(),
    client_id: 'bench',
    sid: randomUUID(),
    jti: randomUUID(),
    gen: {},
    ...more,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: KID })
    .setIssuer(ISSUER)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + 3600)
    .sign(key)
  return Buffer.from(token, 'latin1')
}
