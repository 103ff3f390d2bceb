/** What strangers write, in the forms in which they write it. */

/** Logs in elsewhere, asks here: prints the verdicts before and after the logout. */
const body = `
async function main() {
  const [server, token] = process.argv.slice(-2)
  const guard = createGuard({ server, credential: 'outright-demo-guard' })
  await guard.ready({ timeoutMs: 120_000 })
  const before = await guard.check(token)
  const client = createClient({ server, token: 'outright-demo-admin' })
  await client.revoke({ scope: 'session', key: before.claims.sid })
  const after = await guard.check(token)
  guard.close()
  console.log(before.ok, after.ok ? 'accepted' : after.reason, typeof protect(guard, { scope: 'a' }))
}
`

/** What each form prints. */
export const printed = 'true revoked function'

export const esModule: string = `
import { createGuard } from 'outright/guard'
import { protect } from 'outright/guard/express'
import { createClient } from 'outright/client'
${body}
await main()
`

export const commonJs: string = `
const { createGuard } = require('outright/guard')
const { protect } = require('outright/guard/express')
const { createClient } = require('outright/client')
${body}
void main()
`

/** For Jest: in TypeScript, which ts-jest turns into CommonJS, and in JavaScript. */
export const jestTest: string = `
import { createGuard } from 'outright/guard'
import { protect } from 'outright/guard/express'
import { createClient } from 'outright/client'

test('a token dies with its session', async () => {
  const server = process.env['SERVER']!
  const token: string = process.env['TOKEN']!
  const guard = createGuard({ server, credential: 'outright-demo-guard' })
  await guard.ready({ timeoutMs: 120_000 })
  const before = await guard.check(token)
  if (!before.ok) throw new Error(before.reason)
  const client = createClient({ server, token: 'outright-demo-admin' })
  await client.revoke({ scope: 'session', key: String(before.claims.sid) })
  expect(await guard.check(token)).toEqual({ ok: false, reason: 'revoked' })
  expect(typeof protect(guard)).toBe('function')
  guard.close()
})
`

/** Every entry point of the guard's package, in strict TypeScript that any way of resolving takes. */
export const typed: string = `
import { createServer } from 'node:http'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { createGuard, type Guard, type Verdict } from 'outright/guard'
import * as forExpress from 'outright/guard/express'
import * as forFastify from 'outright/guard/fastify'
import { protect as protectHono, type GuardEnv } from 'outright/guard/hono'
import { protect, protectUpgrade } from 'outright/guard/node'
import { createClient, watchSessionTabs } from 'outright/client'

export const guard: Guard = createGuard({ server: 'https://auth.example', credential: 'x' })
export async function subject(): Promise<string> {
  const verdict: Verdict = await guard.check('x', { audience: 'a', onStale: 'ask' })
  return verdict.ok ? (verdict.claims.sub ?? 'nobody') : verdict.reason
}
// @ts-expect-error What resolves to nothing at all is any, and any takes everything.
export const wrong: number = guard
express().get('/', forExpress.protect(guard, { scope: 'a' }), (request, response) => {
  response.json(forExpress.claimsOf(request).sub)
})
fastify().get('/', { onRequest: forFastify.protect(guard) }, (request) => forFastify.claimsOf(request))
new Hono<GuardEnv>().get('/', protectHono(guard), (context) => context.text(context.get('claims').sub ?? ''))
createServer((request, response) => void protect(guard, request, response, { onStale: 'allow' })).on(
  'upgrade',
  (request, socket) => void protectUpgrade(guard, request, socket),
)
export const outright = createClient({ server: 'https://auth.example', token: 'x' })
export const tabs = watchSessionTabs({ server: 'x', token: () => undefined, onSignedOut: () => undefined })
`
