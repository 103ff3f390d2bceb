/**
 * `kill -9` of Outright between the back-channel call of `oidc-provider` and its answer: what was
 * not answered is tried again, and what was stored is refused from then on. Never is it answered
 * and lost.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { installPeers } from '../../bench/peers/install.ts'
import { freePort } from '../../src/testing/free-port.ts'
import { Browser } from './browser.ts'
import { nextLine, Processes, until, type Child } from './processes.ts'

suite('Outright is killed while the provider tells of a logout', () => {
  const processes = new Processes()
  let folder = ''
  /** Of the server. */
  let data = ''
  let issuer = ''
  let outright: Child
  let url = ''
  let relay: Server
  /** The logout tokens that the provider has sent, and what it was answered. */
  const sent: { readonly form: string; answer: number | undefined }[] = []

  /** @param leaseMs For so long a logout is not answered while a guard says nothing. */
  async function serve(leaseMs: number): Promise<string> {
    const port = url === '' ? String(await freePort()) : new URL(url).port
    const program = new URL('serve-child.ts', import.meta.url)
    outright = processes.start(program, data, issuer, String(leaseMs), port)
    return nextLine(outright.lines)
  }

  /** The status; undefined where there was no answer. */
  async function tell(form: string): Promise<number | undefined> {
    try {
      const answer = await fetch(`${url}/outright/v1/issuers/idp/backchannel-logout`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: form,
      })
      return answer.status
    } catch {
      return undefined
    }
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outright-killed-'))
    data = join(folder, 'both-apis')
    // The provider has one address for its calls, and the test sees what goes through it.
    relay = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = []
        for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
        const call = {
          form: Buffer.concat(chunks).toString(),
          answer: undefined as number | undefined,
        }
        sent.push(call)
        call.answer = await tell(call.form)
        if (call.answer === undefined) response.destroy()
        else response.writeHead(call.answer).end()
      })()
    })
    relay.listen(0, '127.0.0.1')
    await once(relay, 'listening')
    const idp = processes.start(new URL('identity-provider.mjs', installPeers()))
    issuer = await nextLine(idp.lines)
    url = await serve(8000)
    const ready = nextLine(idp.lines)
    const { port } = relay.address() as AddressInfo
    idp.child.stdin!.write(`http://127.0.0.1:${String(port)}/\n`)
    assert.equal(await ready, 'ready')
  })
  after(async () => {
    processes.killAll()
    relay.close()
    relay.closeAllConnections()
    await rm(folder, { recursive: true, force: true })
  })

  test('both APIs refuse before the answer, after the kill, and after the restart', async () => {
    const maria = new Browser(issuer)
    const ann = new Browser(issuer)
    const [token, other] = [await maria.logIn('maria'), await ann.logIn('ann')]
    const apis = [await processes.api(url, token), await processes.api(url, token)]
    const bystander = await processes.api(url, other)
    await until(() => [...apis, bystander].every((api) => api.last().word === 'ok'))

    // While one verifier says nothing, the logout is stored, applied by the others and not answered.
    bystander.child.kill('SIGSTOP')
    const loggedOut = maria.logOut()
    await until(() => apis.every((api) => api.last().word === 'revoked'))
    assert.deepEqual(
      sent.map(({ answer }) => answer),
      [undefined],
    )

    outright.child.kill('SIGKILL')
    await once(outright.child, 'exit')
    bystander.child.kill('SIGCONT')
    await loggedOut
    assert.deepEqual(
      sent.map(({ answer }) => answer),
      [undefined],
      'it was not answered',
    )

    assert.equal(await serve(1500), url)
    const restarted = process.hrtime.bigint()
    await until(() => bystander.last().word === 'ok' && bystander.last().at > restarted)
    await until(() => apis.every((api) => api.last().at > restarted && api.last().word !== 'stale'))
    for (const api of apis) assert.equal(api.last().word, 'revoked')
    // A provider that tries again is answered.
    assert.equal(await tell(sent[0]!.form), 200)
    const asked = process.hrtime.bigint()
    // It may lack a lease for a moment; what has ended is never good again.
    await until(() => bystander.last().word === 'ok' && bystander.last().at > asked)
    for (const { child } of [...apis, bystander]) child.kill('SIGKILL')
  })

  test('killed at any moment of the call: never answered and lost', async () => {
    // Begun anew: there are no leases of before, which each logout would wait for.
    outright.child.kill('SIGKILL')
    await once(outright.child, 'exit')
    data = join(folder, 'any-moment')
    await serve(1500)
    for (const afterMs of [0, 4]) {
      const kim = new Browser(issuer)
      const token = await kim.logIn('kim')
      const check = (): Promise<number> =>
        fetch(`${url}/outright/v1/check`, { headers: { authorization: `Bearer ${token}` } }).then(
          ({ status }) => status,
        )
      assert.equal(await check(), 200)
      sent.length = 0
      const loggedOut = kim.logOut()
      await until(() => sent.length > 0)
      await sleep(afterMs)
      outright.child.kill('SIGKILL')
      await once(outright.child, 'exit')
      await loggedOut
      await serve(1500)
      const [call] = sent
      assert.ok(call)
      if (call.answer === undefined) assert.equal(await tell(call.form), 200)
      else assert.equal(call.answer, 200)
      assert.equal(await check(), 401)
    }
  })
})
