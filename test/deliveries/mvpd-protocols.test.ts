/**
 * A TV provider is told by SAML or RP-initiated logout: from the login at the provider, over
 * whatever ends the session, to what the provider makes of the message.
 */
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { REQUESTOR } from '../dialects/adobe-pass-kit.ts'
import { until } from '../stores/until.ts'
import { useMvpds } from './mvpd-logins.ts'
import { openLogoutUrl, openSamlProvider } from './mvpd-providers.ts'

const [idp, site] = [await openSamlProvider(), await openLogoutUrl()]
after(() => {
  for (const peer of [idp, site]) peer.close()
})
const { server, logIn, logOut, deliveries } = await useMvpds({
  Saml: {
    kind: 'saml',
    url: `${idp.url}/slo`,
    entityId: 'https://pass.example/saml?a&b',
    privateKey: idp.privateKey,
    nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    nameIdClaim: 'name_id',
    sessionIndexClaim: 'session_index',
  },
  RpInitiated: { kind: 'rp-initiated', url: `${site.url}/end?tenant=1`, clientId: 'pass' },
  AsksFirst: { kind: 'rp-initiated', url: `${site.url}/asks`, clientId: 'pass' },
})

suite('SAML 2.0: a LogoutRequest that holds as to schema and signature', () => {
  test('names the viewer and the session, as the provider said them at the login', async () => {
    const claims = { name_id: 'opaque <&"\u00E9 id', session_index: '_s/1&2' }
    await logIn('Saml', 'ann', 'tv-5', claims)
    await logOut('tv-5')
    const [told] = await deliveries('Saml', 1)
    assert.equal(told?.state, 'delivered')
    const [request] = idp.requests
    assert.ok(request)
    const { id: _, notOnOrAfter, ...facts } = request
    assert.deepEqual(facts, {
      destination: `${idp.url}/slo`,
      issuer: 'https://pass.example/saml?a&b',
      nameId: 'opaque <&"\u00E9 id',
      format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      sessionIndexes: ['_s/1&2'],
    })
    const leftMs = Date.parse(notOnOrAfter) - Date.now()
    assert.ok(leftMs > 0 && leftMs <= 300_000)
  })

  test('without a SessionIndex all sessions of the viewer are meant', async () => {
    await logIn('Saml', 'ann', 'tv-6', { name_id: 'other' })
    await logOut('tv-6')
    await deliveries('Saml', 2)
    assert.deepEqual(idp.requests.at(-1)?.sessionIndexes, [])
  })

  test('Responder: tried again with an ID of its own. Requester: dead, with the status', async () => {
    idp.status = 'Responder'
    await logIn('Saml', 'eva', 'tv-7', { name_id: 'eva' })
    await logOut('tv-7')
    const [waits] = await deliveries('Saml', 3)
    assert.equal(waits?.lastError, 'it answered with the status Responder')
    idp.status = 'Requester'
    await until(async () => (await deliveries('Saml', 3))[0]?.state === 'dead')
    const [dead] = await deliveries('Saml', 3)
    assert.ok((dead?.attempts ?? 0) >= 2)
    assert.equal(dead?.lastError, 'it answered with the status Requester')
    const ids = idp.requests.map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length)
    idp.status = 'Success'
  })

  test('a login that brought no NameID: dead, with the reason', async () => {
    await logIn('Saml', 'eva', 'tv-8')
    await logOut('tv-8')
    const [dead] = await deliveries('Saml', 4)
    assert.deepEqual([dead?.state, dead?.lastError], ['dead', 'the login brought no NameID'])
  })

  test('a Success that was none at every service of the provider: dead, and that is said', async () => {
    idp.status = 'Success/PartialLogout'
    await logIn('Saml', 'eva', 'tv-15', { name_id: 'eva' })
    await logOut('tv-15')
    const [partial] = await deliveries('Saml', 5)
    assert.deepEqual(
      [partial?.state, partial?.lastError],
      ['dead', 'it has not logged the viewer out everywhere (PartialLogout)'],
    )
    idp.status = 'Success'
  })

  test('an answer so long that it would take long to parse is none: tried again', async () => {
    idp.more = ' '.repeat(65_536)
    await logIn('Saml', 'eva', 'tv-16', { name_id: 'eva' })
    await logOut('tv-16')
    const [waits] = await deliveries('Saml', 6)
    const error = 'it answered with something else than a LogoutResponse to this'
    assert.deepEqual([waits?.state, waits?.lastError], ['owed', error])
    idp.more = ''
  })
})

suite('RP-initiated logout', () => {
  test('the provider sends back with the state: told', async () => {
    await logIn('RpInitiated', 'ann', 'tv-9')
    await logOut('tv-9')
    assert.equal((await deliveries('RpInitiated', 1))[0]?.state, 'delivered')
    const [call] = site.calls
    assert.deepEqual(
      [call?.get('client_id'), call?.get('logout_hint'), call?.get('tenant')],
      ['pass', 'ann', '1'],
    )
  })

  test('a provider that asks its user was not told, and that is said', async () => {
    await logIn('AsksFirst', 'ann', 'tv-10')
    await logOut('tv-10')
    const [dead] = await deliveries('AsksFirst', 1)
    assert.deepEqual(
      [dead?.state, dead?.lastError],
      ['dead', 'it answered 200 and did not redirect back: it asks the viewer, who is not present'],
    )
  })

  test('a client that asks is given the action and the address, and the browser comes back', async () => {
    await logIn('RpInitiated', 'bob', 'tv-11')
    const back = 'https://app.example/done?x=1'
    const reply = await logOut('tv-11', `&redirectUrl=${encodeURIComponent(back)}`)
    assert.equal(reply.status, 200)
    assert.ok(reply.headers['outright-revocation'])
    const { url, ...action } = reply.json().logouts.RpInitiated
    assert.deepEqual(action, {
      actionName: 'logout',
      actionType: 'interactive',
      mvpd: 'RpInitiated',
    })
    const asked = await fetch(url, { redirect: 'manual' })
    const returned = new URL(asked.headers.get('location') ?? '')
    assert.equal(returned.pathname, '/api/v1/logout/callback')
    const callback = returned.pathname + returned.search
    const home = await server.call('GET', callback)
    assert.deepEqual([home.status, home.headers['location']], [302, back])
    assert.match((await server.call('GET', callback)).text, /You are logged out/)
  })

  test('other providers: complete; no login: invalid; and who does not ask gets 204 as ever', async () => {
    const ask = `&redirectUrl=${encodeURIComponent('https://app.example/')}`
    await logIn('Saml', 'ann', 'tv-12', { name_id: 'ann' })
    const done = await logOut('tv-12', ask)
    const complete = { actionName: 'complete', actionType: 'none', mvpd: 'Saml' }
    assert.deepEqual(done.json(), { logouts: { Saml: complete } })
    const again = await logOut('tv-12', ask)
    assert.deepEqual(again.json(), { logouts: { Saml: { ...complete, actionName: 'invalid' } } })
    assert.deepEqual((await logOut('tv-nobody', ask)).json(), { logouts: {} })
    const plain = await logOut('tv-12')
    assert.deepEqual([plain.status, plain.text], [204, ''])
  })

  test('an address without a server is refused, and nothing ends', async () => {
    await logIn('RpInitiated', 'eva', 'tv-13')
    const reply = await logOut('tv-13', '&redirectUrl=javascript:1&format=json')
    assert.deepEqual(
      [reply.status, reply.json()],
      [400, { status: 400, message: "Parameter 'redirectUrl' is not valid" }],
    )
    const alive = `/api/v1/checkauthn?requestor=${REQUESTOR}&deviceId=tv-13`
    assert.equal((await server.call('GET', alive)).status, 200)
  })
})
