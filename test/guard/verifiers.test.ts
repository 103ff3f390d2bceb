/** What operators see of verifiers and receipts, at a real server with a real guard. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decodeJwt } from 'jose'
import { createClient } from '../../src/client/index.ts'
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { startTestServer, type TestServer } from '../harness.ts'

const token = 'outright-demo-admin'
const headers = { authorization: `Bearer ${token}` }
let server: TestServer
let guard: Guard

before(async () => {
  server = await startTestServer({ oneNode: true })
  guard = createGuard({ server: server.url, credential: 'outright-demo-guard', name: 'orders' })
  await guard.ready()
})

after(async () => {
  guard.close()
  await server.close()
})

test('GET /verifiers shows how long a guard last took to acknowledge', async () => {
  const client = createClient({ server: server.url, token })
  const [node, before] = await client.verifiers()
  assert.deepEqual([node?.kind, node?.lagMs, node?.behind], ['node', 0, 0])
  assert.deepEqual([before?.name, before?.lagMs, before?.behind], ['orders', null, 0])
  const startedMs = performance.now()
  await client.revoke({ scope: 'subject', key: 'maria' })
  const tookMs = performance.now() - startedMs
  const [, after] = await client.verifiers()
  assert.ok(Number.isInteger(after?.lagMs), `lagMs is ${String(after?.lagMs)}`)
  // It acknowledged before the revocation was answered.
  assert.ok((after?.lagMs ?? -1) >= 0 && (after?.lagMs ?? Infinity) <= Math.ceil(tookMs))
})

test('every form of a receipt has whole milliseconds, and the same', async () => {
  const revoked = await server.call('POST', '/outright/v1/revocations', {
    headers,
    body: { scope: 'subject', key: 'maria', reason: 'compromised' },
  })
  const { receipt } = revoked.json()
  assert.ok(Number.isInteger(receipt.elapsedMs), `elapsedMs is ${receipt.elapsedMs}`)
  assert.equal(
    revoked.headers['outright-confirmed'],
    `${receipt.acknowledged}/${receipt.verifiers};lapsed=0;ms=${receipt.elapsedMs}`,
  )
  const path = `/outright/v1/revocations/${revoked.headers['outright-revocation']}`
  const detail = (await server.call('GET', path, { headers })).json()
  assert.equal(detail.receipt.elapsedMs, receipt.elapsedMs)
  assert.deepEqual(
    detail.acknowledgements.map(({ verifier, outcome }: Record<string, unknown>) => [
      verifier,
      outcome,
    ]),
    [['orders', 'acknowledged']],
  )
  assert.ok(Number.isInteger(detail.acknowledgements[0].elapsedMs))
  const signed = await server.call('GET', path, {
    headers: { ...headers, accept: 'application/jwt' },
  })
  const { confirmed } = decodeJwt<{ confirmed: { ms: number } }>(signed.text)
  assert.equal(confirmed.ms, receipt.elapsedMs)
})
