import assert from 'node:assert/strict'
import { Refusal } from '../../domain/failure.ts'
import type { Check } from './check.ts'
import { assertChain } from './log.ts'
import { allPages, client, now, revocation, session, subject, ticket, times } from './samples.ts'

/** Distinct texts that SQL, UTF-8, JSON or C strings might change or confuse. */
const texts: readonly string[] = [
  '',
  ' ',
  'a',
  'A',
  'a ',
  ' a',
  'a\u0000',
  'a\u0000b',
  '\u0000',
  "'; DROP TABLE log; --",
  '"quoted"',
  '`tick` \\ back\\slash',
  '%',
  '_',
  '?1',
  ':name',
  'null',
  '0',
  '00',
  '1e3',
  'é',
  'e\u0301',
  '\u{1f4a5}',
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  '\u202egnihtemos',
  '\ufeffa',
  '\ufffd',
  '\r\n\t',
  '__proto__',
  'constructor',
  '\u{10ffff}',
  'x'.repeat(10_000),
  `${'x'.repeat(9_999)}y`,
]

export const hostileChecks: readonly Check[] = [
  {
    name: 'text: every key, actor and note comes back as it was, and is not taken for another',
    async run({ store }) {
      const commands = texts.map((text) => revocation({ key: text, actor: text, note: text }))
      const outcomes = await Promise.all(commands.map((command) => store.revoke(command)))
      for (const [index, { revocation: entry, added }] of outcomes.entries()) {
        assert.equal(added, true, JSON.stringify(texts[index]?.slice(0, 40)))
        const stored = await store.findRevocation(entry.id)
        assert.deepEqual(stored, entry)
        assert.equal(stored?.key, texts[index])
        assert.equal(stored?.note, texts[index])
      }
      for (const text of texts) {
        const found = await allPages((page) => store.listRevocations({ key: text }, page), 10)
        assert.equal(found.length, 1)
        const place = { scope: 'session', key: text, fromGeneration: 0 } as const
        assert.deepEqual(await store.findEnding([place]), found[0])
      }
      await assertChain(store, texts.length)
    },
  },
  {
    name: 'text: counters of different keys are different counters',
    async run({ store }) {
      for (const text of texts) {
        const { revocation: entry } = await store.revoke(
          revocation({ scope: 'subject', key: text }),
        )
        assert.equal(entry.generation, 1)
        const of = { subjectId: text, clientId: 'web', deviceKey: text }
        assert.equal((await store.generations(of)).subject, 1)
      }
    },
  },
  {
    name: 'text: sessions, subjects, clients and tickets keep theirs',
    async run({ store }) {
      for (const text of texts) {
        const attributes = { [text]: text, deep: [{ [text]: [text] }] }
        const opened = await store.openSession(
          session({ sid: text, subjectId: text, clientId: text, deviceKey: text, attributes }),
        )
        assert.deepEqual(await store.findSession(text), opened)
        assert.equal((await store.findDeviceSession(text, now))?.sid, text)
        assert.equal((await store.countSessions({ subjectId: text, clientId: text })).count, 1)
        const person = subject({ id: text, name: text })
        await store.createSubject(person)
        assert.deepEqual(await store.findSubject({ by: 'id', value: text }), person)
        assert.equal(await store.findSubject({ by: 'phone', value: text }), undefined)
        const app = client({ key: text, allowlist: [text], redirectUris: [text, text] })
        await store.createClient(app)
        assert.deepEqual(await store.findClient({ by: 'key', dialect: 'oauth', value: text }), app)
        const code = ticket({ kind: text, key: text, value: text })
        assert.equal(await store.addTicket(code, now), true)
        assert.deepEqual(await store.takeTicket(text, text), code)
      }
    },
  },
  {
    name: 'text: half a surrogate pair is refused, or comes back as it was',
    async run({ store }) {
      const halves = ['\ud800', 'a\udfff', '\udc00\ud800']
      let stored = 0
      for (const half of halves) {
        for (const command of [revocation({ key: half }), revocation({ note: half })]) {
          try {
            const { revocation: entry } = await store.revoke(command)
            stored += 1
            assert.deepEqual(await store.findRevocation(command.id), entry)
            assert.equal(entry.key, command.key)
            assert.equal(entry.note, command.note)
          } catch (error) {
            assert.ok(error instanceof Refusal && error.failure.kind === 'invalid_parameter')
          }
        }
        const opened = await store.openSession(session({ attributes: { agent: half } }))
        assert.equal((await store.findSession(opened.sid))?.attributes['agent'], half)
      }
      await assertChain(store, stored)
    },
  },
  {
    name: 'numbers: times and long lives come back as they were',
    async run({ store }) {
      const far = Number.MAX_SAFE_INTEGER
      for (const atMs of [0, 1, -1, now, far]) {
        const { revocation: entry } = await store.revoke(revocation({ atMs }))
        assert.deepEqual(await store.findRevocation(entry.id), entry)
      }
      const opened = await store.openSession(session({ expiresAtMs: far, createdAtMs: 0 }))
      assert.deepEqual(await store.findSession(opened.sid), opened)
      await assertChain(store, 5)
    },
  },
  {
    name: 'attributes: a large one survives',
    async run({ store }) {
      const attributes = { list: times(2_000, (index) => ({ index, text: 'é'.repeat(50) })) }
      const opened = await store.openSession(session({ attributes }))
      assert.deepEqual((await store.findSession(opened.sid))?.attributes, attributes)
    },
  },
]
