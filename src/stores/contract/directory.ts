import assert from 'node:assert/strict'
import type { Client } from '../../domain/identity.ts'
import type { ClientLookup, SubjectLookup } from '../../ports/store.ts'
import type { Check } from './check.ts'
import {
  allPages,
  client,
  joining,
  mintId,
  refuses,
  revocation,
  session,
  subject,
  times,
} from './samples.ts'

const full = {
  username: 'maria',
  email: 'maria@example.com',
  phone: '919999900001',
  passwordHash: '$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA',
  attributes: { locale: 'pt', tags: ['a', 1, null], deep: { ok: true } },
} as const

type Identifier = 'username' | 'email' | 'phone'

/** What is kept, and other ways to write the same. */
const identifierSpellings: readonly (readonly [Identifier, string, ...string[]])[] = [
  ['phone', '447700900123', '+44 7700 900123', '00447700900123', '+44-(7700) 900.123'],
  ['email', 'zoë@example.com', 'Zoë@Example.COM', ' ZOË@example.com ', 'zoe\u0308@example.com'],
  ['username', 'Zoë', 'Zoe\u0308', '\uFF3Aoë'],
]

const hiddenIdentifiers: readonly (readonly [Identifier, string])[] = [
  ['username', 'ma\u200Bria'],
  ['username', 'maria\u202E'],
  ['username', 'mari\u0430'],
  ['username', 'a\nb'],
  ['email', 'ma\u200Dria@example.com'],
  ['email', ' '],
  ['phone', '12'],
  ['phone', '0612345678'],
  ['phone', '1234567890123456'],
  ['phone', 'none'],
]

export const directoryChecks: readonly Check[] = [
  {
    name: 'createSubject: found by id, username, email and phone, as it was given',
    async run({ store }) {
      const maria = subject(full)
      await store.createSubject(maria)
      await store.createSubject(subject({ username: 'other' }))
      const lookups: SubjectLookup[] = [
        { by: 'id', value: maria.id },
        { by: 'username', value: full.username },
        { by: 'email', value: full.email },
        { by: 'phone', value: full.phone },
      ]
      for (const lookup of lookups) assert.deepEqual(await store.findSubject(lookup), maria)
      assert.equal(await store.findSubject({ by: 'email', value: full.username }), undefined)
      assert.equal(await store.findSubject({ by: 'id', value: '' }), undefined)
    },
  },
  {
    name: 'createSubject: every spelling of a phone, an email or a username is one person’s',
    async run({ store }) {
      for (const [by, kept, ...spellings] of identifierSpellings) {
        const holder = subject({ [by]: spellings[0] })
        await store.createSubject(holder)
        for (const value of [kept, ...spellings]) {
          assert.equal((await store.findSubject({ by, value }))?.id, holder.id, value)
          await refuses(store.createSubject(subject({ [by]: value })), 'conflict')
          const other = subject()
          await store.createSubject(other)
          await refuses(store.updateSubject(other.id, { [by]: value }), 'conflict')
          assert.equal((await store.updateSubject(holder.id, { [by]: value }))[by], kept)
        }
      }
    },
  },
  {
    name: 'createSubject: an identifier that is invisible or looks like another is refused',
    async run({ store }) {
      for (const [by, value] of hiddenIdentifiers) {
        await refuses(store.createSubject(subject({ [by]: value })), 'invalid_parameter')
        assert.equal(await store.findSubject({ by, value }), undefined)
        const other = subject()
        await store.createSubject(other)
        await refuses(store.updateSubject(other.id, { [by]: value }), 'invalid_parameter')
        // What else is changed is not refused for it.
        assert.equal((await store.updateSubject(other.id, { name: 'x' })).name, 'x')
      }
    },
  },
  {
    name: 'createSubject: what is taken is a conflict and leaves nothing behind',
    async run({ store }) {
      const maria = subject(full)
      await store.createSubject(maria)
      for (const name of ['id', 'username', 'email', 'phone'] as const) {
        const second = subject({ username: 'second', [name]: maria[name] })
        await refuses(store.createSubject(second), 'conflict')
      }
      assert.equal(await store.findSubject({ by: 'username', value: 'second' }), undefined)
      assert.deepEqual(await store.findSubject({ by: 'id', value: maria.id }), maria)
      await store.createSubject(subject())
      await store.createSubject(subject())
    },
  },
  {
    name: 'createSubject: of 30 callers with one username one gets it',
    async run({ store }) {
      const calls = times(30, () => store.createSubject(subject({ username: 'wanted' })))
      const outcomes = await Promise.allSettled(calls)
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
      assert.equal((await store.listSubjects({ limit: 100, cursor: undefined })).items.length, 1)
    },
  },
  {
    name: 'updateSubject: changes what is given and nothing else',
    async run({ store }) {
      const maria = subject(full)
      await store.createSubject(maria)
      const renamed = await store.updateSubject(maria.id, { name: 'Maria A.' })
      assert.deepEqual(renamed, { ...maria, name: 'Maria A.' })
      const change = { passwordHash: 'new', status: 'disabled', attributes: { a: 1 } } as const
      const changed = await store.updateSubject(maria.id, change)
      assert.deepEqual(changed, { ...renamed, ...change })
      assert.deepEqual(await store.findSubject({ by: 'phone', value: full.phone }), changed)
      await refuses(store.updateSubject('nobody', { name: 'x' }), 'not_found')
    },
  },
  {
    name: 'createClient: found by id, and by key within its dialect',
    async run({ store }) {
      const web = client({
        key: 'public key',
        secretHash: 'hash',
        allowlist: ['203.0.113.0/24', '2001:db8::/32'],
        redirectUris: ['https://app.example/callback?a=1&b=2'],
        attributes: { a: [1] },
      })
      const elsewhere = client({ key: 'public key', dialect: 'octopus' })
      await store.createClient(web)
      await store.createClient(elsewhere)
      const byKey = (dialect: string): ClientLookup => ({ by: 'key', dialect, value: 'public key' })
      assert.deepEqual(await store.findClient({ by: 'id', value: web.id }), web)
      assert.deepEqual(await store.findClient(byKey('oauth')), web)
      assert.deepEqual(await store.findClient(byKey('octopus')), elsewhere)
      assert.equal(await store.findClient(byKey('matar')), undefined)
      await refuses(store.createClient(client({ id: web.id })), 'conflict')
      await refuses(store.createClient(client({ key: 'public key' })), 'conflict')
    },
  },
  {
    name: 'updateClient: changes what is given and nothing else',
    async run({ store }) {
      const web = client({ allowlist: ['10.0.0.0/8'], redirectUris: ['https://a.example'] })
      await store.createClient(web)
      const first = await store.updateClient(web.id, { allowlist: [], name: 'Renamed' })
      assert.deepEqual(first, { ...web, allowlist: [], name: 'Renamed' })
      const change = {
        secretHash: 'rotated',
        redirectUris: ['https://b.example'],
        status: 'disabled',
        attributes: { b: 2 },
      } as const
      const second = await store.updateClient(web.id, change)
      assert.deepEqual(second, { ...first, ...change })
      assert.deepEqual(await store.findClient({ by: 'id', value: web.id }), second)
      await refuses(store.updateClient('nobody', {}), 'not_found')
    },
  },
  {
    name: 'updateClient: nothing changes where the attributes are not those before',
    async run({ store }) {
      const before = { tags: ['é', 1, null], deep: { ok: true } }
      const web = client({ attributes: before })
      await store.createClient(web)
      const write = (by: number) =>
        store.updateClient(web.id, { attributes: { by }, attributesBefore: before })
      const outcomes = await Promise.allSettled([write(1), write(2), write(3)])
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
      const after = await store.findClient({ by: 'id', value: web.id })
      await refuses(store.updateClient(web.id, { name: 'x', attributesBefore: before }), 'conflict')
      assert.deepEqual(await store.findClient({ by: 'id', value: web.id }), after)
      await refuses(store.updateClient('nobody', { attributesBefore: before }), 'not_found')
    },
  },
  {
    name: 'listSubjects and listClients: every one once, in pages',
    async run({ store }) {
      const subjects = times(25, () => subject())
      const clients = times(12, () => client())
      for (const each of subjects) await store.createSubject(each)
      for (const each of clients) await store.createClient(each)
      const foundSubjects = await allPages((page) => store.listSubjects(page), 4)
      const foundClients = await allPages((page) => store.listClients(page), 12)
      const ids = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id).toSorted()
      assert.deepEqual(ids(foundSubjects), ids(subjects))
      assert.deepEqual(ids(foundClients), ids(clients))
      for (const limit of [0, 1001]) {
        await refuses(store.listSubjects({ limit, cursor: undefined }), 'invalid_parameter')
        await refuses(store.listClients({ limit, cursor: undefined }), 'invalid_parameter')
      }
      await refuses(store.listSubjects({ limit: 5, cursor: 'x' }), 'invalid_parameter')
      await refuses(store.listClients({ limit: 5, cursor: 'x' }), 'invalid_parameter')
    },
  },
  {
    name: 'listClientsOf: every client of a parent once, in pages, whatever else its attributes hold',
    async run({ store }) {
      const strange = 'a\\u0000\u0000"parent":"shop"'
      const attributes: readonly Client['attributes'][] = [
        ...times(9, () => ({ parent: 'shop' })),
        { inner: { parent: 'other' }, parent: 'shop' },
        { note: '\u0000', parent: 'shop' },
        { note: '\uD800', parent: 'shop' },
        { note: 'C:\\users', parent: 'shop' },
      ]
      const others: readonly Client['attributes'][] = [
        {},
        { parent: 'other', inner: { parent: 'shop' } },
        { parent: ['shop'] },
        { parent: { shop: 1 } },
        { parent: 5, note: '\u0000' },
        { note: '"parent":"shop"' },
        { parent: strange },
      ]
      const those = attributes.map((some) => client({ attributes: some }))
      const elsewhere = client({ attributes: { parent: 'other' } })
      for (const each of those) await store.createClient(each)
      for (const some of others) await store.createClient(client({ attributes: some }))
      await store.createClient(elsewhere)
      const found = async (parent: string) => {
        const ids: string[] = []
        let cursor: string | undefined
        do {
          const page = await store.listClientsOf(parent, { limit: 4, cursor })
          ids.push(...page.items.map(({ id }) => id))
          cursor = page.next
        } while (cursor !== undefined)
        return ids
      }
      assert.deepEqual(await found('shop'), those.map(({ id }) => id).toSorted())
      assert.equal((await found(strange)).length, 1)
      for (const parent of ['', '5', '{"shop":1}', '\\u', 'none']) {
        assert.deepEqual(await found(parent), [], parent)
      }
      await store.updateClient(elsewhere.id, { attributes: { parent: 'shop' } })
      assert.ok((await found('shop')).includes(elsewhere.id), 'it has moved')
      assert.ok(!(await found('other')).includes(elsewhere.id))
      for (const limit of [0, 101]) {
        await refuses(
          store.listClientsOf('shop', { limit, cursor: undefined }),
          'invalid_parameter',
        )
      }
    },
  },
  {
    name: 'listSubjects: by a part of a name, in any case and with or without marks, in pages',
    async run({ store }) {
      const joao = subject({ name: 'João Pereira', username: 'jp' })
      const joana = subject({ name: 'JOANA', email: 'joana@example.com' })
      const ana = subject({ name: 'Ana', phone: '447700900123' })
      const percent = subject({ name: '100% _sure_' })
      for (const each of [joao, joana, ana, percent]) await store.createSubject(each)
      const found = async (text: string): Promise<readonly string[]> =>
        (await allPages((page) => store.listSubjects(page, text), 1)).map(({ id }) => id).toSorted()
      for (const [text, ...those] of [
        ['joao', joao],
        ['JOÃO p', joao],
        ['jp', joao],
        ['joa', joao, joana],
        ['ana', joana, ana],
        ['@EXAMPLE', joana],
        ['0900', ana],
        ['%', percent],
        ['_', percent],
        [percent.id.slice(3).toUpperCase(), percent],
        ['PereiraJp'],
        ['maria'],
      ] as const) {
        assert.deepEqual(await found(text), those.map(({ id }) => id).toSorted(), text)
      }
      assert.equal((await found('')).length, 4)
    },
  },
  {
    name: 'listSubjects: a search looks at no more rows than it may, and goes on from there',
    async run({ store }) {
      const ids = times(25, (index) => `p${String(index).padStart(2, '0')}`)
      for (const id of ids) {
        await store.createSubject(subject({ id, name: Number(id.slice(1)) < 20 ? 'Ana' : 'João' }))
      }
      const walk = async (text: string, lookAt: number, limit = 4) => {
        const pages: (readonly string[])[] = []
        let cursor: string | undefined
        do {
          const page = await store.listSubjects({ limit, cursor, lookAt }, text)
          pages.push(page.items.map(({ id }) => id))
          cursor = page.next
        } while (cursor !== undefined)
        return pages
      }
      const last = ids.slice(20)
      assert.deepEqual(await walk('joao', 10), [[], [], last.slice(0, 4), last.slice(4)])
      assert.deepEqual(await walk('joao', 21), [[last[0]], last.slice(1)])
      assert.deepEqual(await walk('maria', 5), [[], [], [], [], []])
      assert.deepEqual(await walk('maria', 25), [[]], 'all were looked at')
      assert.deepEqual(await walk('an', 25, 20), [ids.slice(0, 20)])
    },
  },
  {
    name: 'findNames: what people and clients are called, or how else they are known',
    async run({ store }) {
      const maria = subject({ name: 'Maria', username: 'maria' })
      const nameless = subject({ name: '', email: 'someone@example.com', phone: '447700900123' })
      const unknown = subject({ name: '' })
      const shop = client({ name: 'Shop' })
      for (const each of [maria, nameless, unknown]) await store.createSubject(each)
      await store.createClient(shop)
      const { subjects, clients } = await store.findNames({
        subjects: [maria.id, nameless.id, unknown.id, shop.id, '__proto__', "'"],
        clients: [shop.id, maria.id, shop.id],
      })
      assert.deepEqual(Object.fromEntries(subjects), {
        [maria.id]: 'Maria',
        [nameless.id]: 'someone@example.com',
        [unknown.id]: '',
      })
      assert.deepEqual(clients, [[shop.id, 'Shop']])
      assert.deepEqual(await store.findNames({ subjects: [], clients: [] }), {
        subjects: [],
        clients: [],
        sessions: [],
      })
      const many = Array.from({ length: 1001 }, (_, index) => String(index))
      await refuses(store.findNames({ subjects: many, clients: [] }), 'invalid_parameter')
      await refuses(
        store.findNames({ subjects: [], clients: [], sessions: many }),
        'invalid_parameter',
      )
    },
  },
  {
    name: 'findNames: whose sessions are, each once, ended or not',
    async run({ store }) {
      const first = session({ subjectId: 'maria', clientId: 'shop' })
      const second = session({ subjectId: 'joao', clientId: 'bank' })
      for (const command of [first, second]) await store.openSession(command)
      await store.joinSession(joining(first, { clientId: 'a-client-before' }))
      await store.revoke(revocation({ key: second.sid }))
      const sessions = [first.sid, mintId(), second.sid, first.sid]
      const found = await store.findNames({ subjects: [], clients: [], sessions })
      assert.deepEqual(Object.fromEntries(found.sessions.map((owner) => [owner.sid, owner])), {
        [first.sid]: { sid: first.sid, subjectId: 'maria', clientId: 'shop' },
        [second.sid]: { sid: second.sid, subjectId: 'joao', clientId: 'bank' },
      })
      assert.equal(found.sessions.length, 2)
    },
  },
]
