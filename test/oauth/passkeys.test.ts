/** Passkeys of people: added at `/devices/passkeys`, used at `/login` (WebAuthn Level 3). */
import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { changeSubject } from '../../src/core/change-subject.ts'
import { removePasskey } from '../../src/core/passkeys.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { Authenticator, type Lies } from './authenticator.ts'
import { passkeysPage as page, usePasskeys } from './passkey-kit.ts'
import { Browser, maria } from './relying-parties.ts'

const paulo = { username: 'paulo', password: 'a password of Paulo' }
let server: TestServer
before(async () => {
  server = await startTestServer({ oneNode: true, publicUrlIsOwn: 'localhost' })
  await server.core.addSubject({ id: 'paulo', name: 'Paulo', ...paulo })
})
after(() => server.close())

const { at, logIn, optionsOf, add, send, begin, useDevice, isLoggedIn } = usePasskeys(() => server)

beforeEach(async () => {
  for (const holder of ['maria', 'paulo', 'operator:ana']) {
    for (const { id } of await server.core.passkeys.list(holder)) {
      await server.core.passkeys.remove(holder, id, 'system')
    }
  }
})

suite('a passkey of a person', () => {
  test('is added after a login, is listed by its name, and logs in without a name', async () => {
    const browser = new Browser()
    const shown = await logIn(browser, maria)
    assert.match(shown.text, /Your passkeys[^]*Name of the new passkey/)
    const device = await add(browser, shown, '  Work\n phone ')
    const [held] = await server.core.passkeys.list('maria')
    assert.deepEqual([held?.name, held?.lastUsedAtMs], ['Work phone', undefined])
    const begun = await begin()
    assert.match(begun.login.text, /Log in with a passkey/)
    assert.equal(begun.options.allowCredentials, undefined)
    const home = await useDevice(device, {}, begun)
    assert.deepEqual([home.status, home.url.pathname], [200, '/devices'])
    assert.match(home.text, /You are logged in as Maria/)
    const list = await begun.browser.open(at(page))
    assert.match(list.text, /Work phone[^]*Last used: \d{4}-\d\d-\d\d/)
  })

  test('is refused with another origin, site, challenge, person or no check of the person', async () => {
    const browser = new Browser()
    const device = await add(browser, await logIn(browser, maria))
    const other = new Browser()
    const foreign = await add(other, await logIn(other, paulo))
    const { user } = (await optionsOf(other, `${page}/new`)) as { user: { id: string } }
    const lies: readonly Lies[] = [
      { origin: 'https://evil.example' },
      { origin: server.dependencies.issuer.replace('http:', 'https:') },
      { relyingParty: 'evil.example' },
      { challenge: 'bm90IHRoZSBjaGFsbGVuZ2U' },
      { isUserVerified: false },
      { userHandle: user.id },
      { userHandle: '' },
      { id: foreign.id },
      { id: 'none' },
    ]
    for (const lie of lies) {
      const begun = await begin()
      const answer = await useDevice(device, lie, begun)
      assert.equal(answer.status, 400, JSON.stringify(lie))
      assert.match(answer.text, /did not work with this passkey/)
      assert.equal(await isLoggedIn(begun.browser), false)
    }
    assert.equal((await useDevice(device)).url.pathname, '/devices')
  })

  test('is refused where its signature comes again, or its counter goes back', async () => {
    const browser = new Browser()
    const device = await add(browser, await logIn(browser, maria))
    const { browser: first, login, options } = await begin()
    const passkey = device.get(options, { counter: 7 })
    assert.equal((await first.submit(login, { passkey })).status, 200)
    const thief = await begin()
    // With a challenge of its own, and with the one that was used up.
    assert.equal((await thief.browser.submit(thief.login, { passkey })).status, 400)
    thief.browser.cookies.set('outright-passkey', first.cookies.get('outright-passkey') ?? '')
    assert.equal((await thief.browser.submit(thief.login, { passkey })).status, 400)
    for (const counter of [7, 6, 0])
      assert.equal((await useDevice(device, { counter })).status, 400)
    assert.equal((await useDevice(device, { counter: 8 })).status, 200)
  })

  test('of an operator opens nothing here, and a person’s opens no console', async () => {
    const browser = new Browser()
    const shown = await logIn(browser, maria)
    const device = await add(browser, shown)
    const begun = await begin()
    const response = await begun.browser.ask(at('/console/passkeys/challenge'))
    const passkey = device.get((await response.json()) as { challenge: string })
    const console = await begun.browser.open(at('/console/sign-in'), { passkey })
    assert.equal(console.status, 400)
    const operator = new Authenticator(server.dependencies.issuer)
    const own = server.core.passkeys
    const held = await own.find(device.id)
    assert.ok(held)
    await own.remove('maria', device.id, 'system')
    await own.add({ ...held, holder: 'operator:ana' })
    assert.equal((await useDevice(operator, { id: device.id })).status, 400)
    assert.equal((await useDevice(device)).status, 400)
  })

  test('says that an account is disabled only to its holder', async () => {
    await server.core.addSubject({
      id: 'rita',
      name: 'Rita',
      username: 'rita',
      password: 'of Rita',
    })
    const browser = new Browser()
    const who = { username: 'rita', password: 'of Rita' }
    const device = await add(browser, await logIn(browser, who))
    const by = { actor: 'operator:admin', wait: true }
    await server.core.changeSubject('rita', { status: 'disabled' }, by)
    const refused = await useDevice(device)
    assert.deepEqual([refused.status, /is disabled/.test(refused.text)], [403, true])
    assert.equal((await useDevice(device, { challenge: 'eA' })).status, 400)
  })

  test('that made a login fresh again, and is removed: the login is as old as it was', async () => {
    const logInAgain = async (browser: Browser, device: Authenticator): Promise<void> => {
      server.advance(11 * 60_000)
      const login = await browser.open(at(page))
      assert.equal(login.url.pathname, '/login')
      const options = await optionsOf(browser, '/login/passkey')
      const listed = await browser.submit(login, { passkey: device.get(options) })
      assert.equal(listed.url.pathname, page)
    }
    for (const order of ['the other one', 'it', 'the other one, then it'] as const) {
      const browser = new Browser()
      const shown = await logIn(browser, maria)
      const [device, other] = [await add(browser, shown), await add(browser, shown)]
      if (order !== 'it') await logInAgain(browser, other)
      if (order !== 'the other one') await logInAgain(browser, device)
      const elsewhere = new Browser()
      await send(elsewhere, await logIn(elsewhere, maria), { remove: device.id })
      const { pathname } = (await browser.open(at(page))).url
      assert.equal(pathname, order === 'the other one' ? page : '/login', order)
      assert.equal(await isLoggedIn(browser), true)
    }
  })

  test('that is removed logs in no more, and what it had opened has ended', async () => {
    const browser = new Browser()
    const shown = await logIn(browser, maria)
    const [device, kept] = [await add(browser, shown), await add(browser, shown, 'Kept')]
    const [one, other] = [await begin(), await begin()]
    await useDevice(device, {}, one)
    await useDevice(kept, {}, other)
    const listed = await send(browser, shown, { remove: device.id })
    assert.doesNotMatch(listed.text, /Phone</)
    assert.deepEqual(
      [await isLoggedIn(one.browser), await isLoggedIn(other.browser), await isLoggedIn(browser)],
      [false, true, true],
    )
    assert.equal((await useDevice(device)).status, 400)
  })

  test('that is removed ends also what has expired by a clock that is ahead', async () => {
    const browser = new Browser()
    const device = await add(browser, await logIn(browser, maria))
    const begun = await begin()
    await useDevice(device, {}, begun)
    const aheadMs = 400 * 86_400_000
    server.advance(aheadMs)
    await server.core.passkeys.remove('maria', device.id, 'system')
    server.advance(-aheadMs)
    assert.equal(await isLoggedIn(begun.browser), false)
  })

  test('has a name that is cut between characters', async () => {
    const browser = new Browser()
    const shown = await logIn(browser, maria)
    const { id } = await add(browser, shown, `${'n'.repeat(63)}😀😀`)
    const held = await server.core.passkeys.find(id)
    assert.equal(held?.name, 'n'.repeat(63))
  })

  test('is one of twenty at most, also where thirty are added at once', async () => {
    const made = { holder: 'paulo', name: '', publicKey: 'AA', counter: 0, transports: [] }
    const { passkeys } = server.core
    const adding = (count: number) =>
      Promise.allSettled(
        Array.from({ length: count }, () => passkeys.add({ ...made, id: crypto.randomUUID() })),
      )
    await adding(15)
    assert.equal((await passkeys.list('paulo')).length, 15)
    await adding(15)
    const held = await passkeys.list('paulo')
    assert.ok(held.length <= 20, String(held.length))
    for (let more = held.length; more < 20; more++) {
      await passkeys.add({ ...made, id: crypto.randomUUID() })
    }
    const tooMany = passkeys.add({ ...made, id: crypto.randomUUID() })
    await assert.rejects(tooMany, { message: 'conflict' })
    assert.equal((await passkeys.list('paulo')).length, 20)
  })

  test('that is gone already: its removal waits for the ends of the call before', async () => {
    const { dependencies } = server
    const real = dependencies.confirmation
    const confirmation: typeof real = {
      confirmed: (revocation) => real.confirmed(revocation),
      receipt: (revocation) => real.receipt(revocation),
      confirmedUpTo: () => Promise.reject(new Error('not confirmed yet')),
    }
    const again = removePasskey({ ...dependencies, confirmation }, 'maria', 'gone', 'system')
    await assert.rejects(again, /not confirmed yet/)
  })

  test('cannot be removed by other people', async () => {
    const [browser, other] = [new Browser(), new Browser()]
    const device = await add(browser, await logIn(browser, maria))
    await send(other, await logIn(other, paulo), { remove: device.id })
    assert.equal((await useDevice(device)).status, 200)
  })

  test('goes with the old password, and what it had opened as well', async () => {
    const by = { actor: 'operator:admin', wait: true }
    const browser = new Browser()
    const device = await add(browser, await logIn(browser, paulo))
    const { password } = paulo
    await server.core.changeSubject('paulo', { password, keepSessions: true }, by)
    assert.equal((await useDevice(device)).status, 200)
    const begun = await begin()
    await Promise.all([
      server.core.changeSubject('paulo', { password }, by),
      useDevice(device, {}, begun),
    ])
    assert.equal(await isLoggedIn(begun.browser), false)
    assert.equal((await useDevice(device)).status, 400)
  })
})

suite('a login by passkey that meets an end', () => {
  const end = { reason: 'logout_everywhere', actor: 'system', wait: true } as const

  for (const [what, meet] of [
    ['everyone is logged out', () => server.core.revoke({ scope: 'everyone', key: '*', ...end })],
    [
      'the person is logged out',
      () => server.core.revoke({ scope: 'subject', key: 'maria', ...end }),
    ],
  ] as const) {
    test(`${what}: it is after it, or dead`, async () => {
      const browser = new Browser()
      const device = await add(browser, await logIn(browser, maria))
      for (let round = 0; round < 5; round++) {
        const begun = await begin()
        const [{ revocation }] = await Promise.all([meet(), useDevice(device, {}, begun)])
        if (!(await isLoggedIn(begun.browser))) continue
        const filter = { subjectId: 'maria', liveAtMs: Date.now() }
        const { items } = await server.core.sessions.list(filter, { limit: 9, cursor: undefined })
        const counter = revocation.scope === 'everyone' ? 'everyone' : 'subject'
        for (const { session } of items) {
          assert.equal(session.generations[counter], revocation.generation)
        }
      }
    })
  }

  test('the passkey is removed: nothing lives that it has opened', async () => {
    for (let round = 0; round < 5; round++) {
      const browser = new Browser()
      const device = await add(browser, await logIn(browser, maria))
      const begun = await begin()
      await Promise.all([
        useDevice(device, {}, begun),
        server.core.passkeys.remove('maria', device.id, 'system'),
      ])
      assert.equal(await isLoggedIn(begun.browser), false)
    }
  })

  test('the passkey is removed between its signature and the session', async () => {
    const browser = new Browser()
    const device = await add(browser, await logIn(browser, maria))
    const begun = await begin()
    const subject = await server.core.subjects.find({ by: 'id', value: 'maria' })
    const provedBy = await server.core.passkeys.find(device.id)
    assert.ok(subject && provedBy)
    await server.core.passkeys.remove('maria', device.id, 'system')
    const late = server.core.openSession({
      subjectId: 'maria',
      provedBy,
      clientId: 'late',
      dialect: 'oauth',
      audience: 'late',
      accessLifetimeMs: 60_000,
    })
    await assert.rejects(late, { failure: { kind: 'credentials_invalid' } })
    const filter = { subjectId: 'maria', clientId: 'late', liveAtMs: Date.now() }
    assert.equal((await server.core.sessions.count(filter)).count, 0)
    assert.equal(await isLoggedIn(begun.browser), false)
  })
})

test('a passkey that is added while a new password removes the others goes with them', async () => {
  const { core, dependencies } = server
  const { store } = dependencies
  const made = { holder: 'paulo', name: '', publicKey: 'AA', counter: 0, transports: [] }
  await core.passkeys.add({ ...made, id: 'of-a-thief' })
  let isAdded = false
  const meddling: typeof store = {
    ...store,
    async listPasskeys(holder) {
      const held = await store.listPasskeys(holder)
      if (!isAdded) await core.passkeys.add({ ...made, id: 'added-with-it' })
      isAdded = true
      return held
    },
  }
  const by = { actor: 'system', wait: true }
  const { password } = paulo
  await changeSubject({ ...dependencies, store: meddling }, 'paulo', { password }, by)
  assert.deepEqual(await core.passkeys.list('paulo'), [])
})
