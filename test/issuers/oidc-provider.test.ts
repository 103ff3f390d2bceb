/**
 * `oidc-provider` as the identity provider, two guarded APIs in processes of their own, and
 * Outright between them: log in there, call here, log out there, be refused here.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { installPeers } from '../../bench/peers/install.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { Browser } from './browser.ts'

const children: ChildProcess[] = []

function start(url: URL, ...args: readonly string[]): { child: ChildProcess; lines: Interface } {
  const program = fileURLToPath(url)
  const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'ignore'] })
  children.push(child)
  return { child, lines: createInterface({ input: child.stdout }) }
}

async function nextLine(lines: Interface): Promise<string> {
  const [line] = (await once(lines, 'line')) as [string]
  return line
}

suite('oidc-provider', () => {
  let server: TestServer
  let issuer = ''
  const told: string[] = []

  before(async () => {
    const idp = start(new URL('identity-provider.mjs', installPeers()))
    issuer = await nextLine(idp.lines)
    server = await startTestServer({
      publicUrlIsOwn: true,
      oneNode: true,
      config: {
        issuers: [
          {
            name: 'idp',
            issuer,
            audience: ['orders'],
            claims: { session: ['sid'] },
            logoutClients: ['web'],
          },
        ],
      },
    })
    const ready = nextLine(idp.lines)
    idp.child.stdin!.write(`${server.url}/outright/v1/issuers/idp/backchannel-logout\n`)
    assert.equal(await ready, 'ready')
    idp.lines.on('line', (line) => {
      if (line.endsWith('told')) told.push(line)
    })
  })
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await server.close()
  })

  /** An API in a process of its own that checks a token all the time; what it says last. */
  async function api(token: string): Promise<() => { at: bigint; word: string }> {
    const { lines } = start(new URL('../guard/guard-child.ts', import.meta.url), server.url, token)
    await nextLine(lines)
    let last = { at: 0n, word: '' }
    lines.on('line', (line) => {
      const [at = '0', word = ''] = line.split(' ')
      last = { at: BigInt(at), word }
    })
    return () => last
  }

  async function until(isSo: () => boolean): Promise<void> {
    for (let tries = 0; !isSo(); tries++) {
      assert.ok(tries < 1000, 'it takes too long')
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  test('a logout there ends the tokens at every API here before it is answered', async () => {
    const maria = new Browser(issuer)
    const ann = new Browser(issuer)
    const token = await maria.logIn('maria')
    const other = await ann.logIn('ann')
    const apis = [await api(token), await api(token)]
    const bystander = await api(other)
    await until(() => [...apis, bystander].every((last) => last().word === 'ok'))

    await maria.logOut()
    const answered = process.hrtime.bigint()
    assert.deepEqual(told, ['told'])
    await until(() => [...apis, bystander].every((last) => last().at > answered))
    // Each check that began after the answer.
    for (const last of apis) assert.equal(last().word, 'revoked')
    assert.equal(bystander().word, 'ok')
  })

  test('a token that is issued in the session that ended is dead; a new login is good', async () => {
    const kim = new Browser(issuer)
    const token = await kim.logIn('kim')
    const check = (jwt: string) =>
      server.call('GET', '/outright/v1/check', { headers: { authorization: `Bearer ${jwt}` } })
    assert.equal((await check(token)).status, 200)
    await kim.logOut()
    assert.equal((await check(token)).status, 401)
    assert.equal((await check(await kim.logIn('kim'))).status, 200)
  })

  test('its ID token is no access token', async () => {
    const lou = new Browser(issuer)
    await lou.logIn('lou')
    const reply = await server.call('GET', '/outright/v1/check', {
      headers: { authorization: `Bearer ${lou.idToken}` },
    })
    assert.equal(reply.status, 401)
    assert.match(reply.headers['www-authenticate'] ?? '', /not valid/)
  })
})
