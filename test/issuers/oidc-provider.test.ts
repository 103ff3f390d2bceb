/**
 * `oidc-provider` as the identity provider, two guarded APIs in processes of their own, and
 * Outright between them: log in there, call here, log out there, be refused here.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { installPeers } from '../../bench/peers/install.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { Browser } from './browser.ts'
import { nextLine, Processes, until } from './processes.ts'

suite('oidc-provider', () => {
  const processes = new Processes()
  let server: TestServer
  let issuer = ''
  const told: string[] = []

  before(async () => {
    const idp = processes.start(new URL('identity-provider.mjs', installPeers()))
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
    processes.killAll()
    await server.close()
  })

  test('a logout there ends the tokens at every API here before it is answered', async () => {
    const maria = new Browser(issuer)
    const ann = new Browser(issuer)
    const token = await maria.logIn('maria')
    const other = await ann.logIn('ann')
    const apis = [await processes.api(server.url, token), await processes.api(server.url, token)]
    const bystander = await processes.api(server.url, other)
    await until(() => [...apis, bystander].every(({ last }) => last().word === 'ok'))

    await maria.logOut()
    const answered = process.hrtime.bigint()
    // What a process says and what it answers come by different ways.
    await until(() => told.length > 0)
    assert.deepEqual(told, ['told'])
    await until(() => [...apis, bystander].every(({ last }) => last().at > answered))
    // Each check that began after the answer.
    for (const { last } of apis) assert.equal(last().word, 'revoked')
    assert.equal(bystander.last().word, 'ok')
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

  test('its ID token is not an access token', async () => {
    const lou = new Browser(issuer)
    await lou.logIn('lou')
    const reply = await server.call('GET', '/outright/v1/check', {
      headers: { authorization: `Bearer ${lou.idToken}` },
    })
    assert.equal(reply.status, 401)
    assert.match(reply.headers['www-authenticate'] ?? '', /not valid/)
  })
})
