import assert from 'node:assert/strict'
import { operatorSubject, type Operator } from '../../domain/operator.ts'
import type { Passkey } from '../../domain/passkey.ts'
import type { Check } from './check.ts'
import { allPages, now, refuses, times } from './samples.ts'

function operator(changes: Partial<Operator> = {}): Operator {
  const id = crypto.randomUUID()
  return {
    id,
    name: `operator-${id}`,
    role: 'viewer',
    passwordHash: '$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA',
    identity: undefined,
    createdAtMs: now,
    ...changes,
  }
}

function passkey(changes: Partial<Passkey> = {}): Passkey {
  return {
    id: crypto.randomUUID(),
    holder: 'maria',
    name: 'Maria’s phone',
    publicKey: 'pQECAyYgASFYIA',
    counter: 0,
    transports: ['internal', 'hybrid'],
    createdAtMs: now,
    lastUsedAtMs: undefined,
    ...changes,
  }
}

export const operatorChecks: readonly Check[] = [
  {
    name: 'createOperator: found by name, and after the store was opened again',
    async run(subject) {
      const ana = operator({ name: 'ana@example.com', role: 'admin' })
      const rui = operator({ name: 'rui', passwordHash: undefined })
      await subject.store.createOperator(ana)
      await subject.store.createOperator(rui)
      const store = await subject.reopen()
      assert.deepEqual(await store.findOperator('ana@example.com'), ana)
      assert.deepEqual(await store.findOperator('rui'), rui)
      assert.equal(await store.findOperator('Rui'), undefined)
    },
  },
  {
    name: 'createOperator: of 20 callers with one name one gets it',
    async run({ store }) {
      const calls = times(20, () => store.createOperator(operator({ name: 'wanted' })))
      const outcomes = await Promise.allSettled(calls)
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
      const kept = await store.findOperator('wanted')
      await refuses(store.createOperator(operator({ name: 'wanted', role: 'admin' })), 'conflict')
      assert.deepEqual(await store.findOperator('wanted'), kept)
    },
  },
  {
    name: 'findOperatorByIdentity: by issuer, claim and value, each to the character',
    async run(subject) {
      const identity = { issuer: 'https://idp.example', claim: 'sub', value: 'Ana' } as const
      const ana = operator({ passwordHash: undefined, identity })
      await subject.store.createOperator(ana)
      await subject.store.createOperator(operator())
      const store = await subject.reopen()
      assert.deepEqual(await store.findOperatorByIdentity(identity), ana)
      for (const other of [
        { issuer: 'https://idp.example/' },
        { claim: 'email' },
        { value: 'ana' },
        { value: 'Ana ' },
      ] as const) {
        assert.equal(await store.findOperatorByIdentity({ ...identity, ...other }), undefined)
      }
      const changed = await store.updateOperator(ana, { role: 'admin' })
      assert.deepEqual(await store.findOperatorByIdentity(identity), changed)
      assert.equal(await store.removeOperator(ana.name), true)
      assert.equal(await store.findOperatorByIdentity(identity), undefined)
    },
  },
  {
    name: 'createOperator: of 20 callers with one identity one gets it',
    async run({ store }) {
      const identity = { issuer: 'https://idp.example', claim: 'sub', value: 'rui' } as const
      const calls = times(20, () => store.createOperator(operator({ identity })))
      const outcomes = await Promise.allSettled(calls)
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
      const kept = await store.findOperatorByIdentity(identity)
      await refuses(store.createOperator(operator({ identity })), 'conflict')
      assert.deepEqual(await store.findOperatorByIdentity(identity), kept)
      assert.equal((await allPages((page) => store.listOperators(page), 10)).length, 1)
    },
  },
  {
    name: 'updateOperator: changes what is given and nothing else',
    async run({ store }) {
      const ana = operator()
      await store.createOperator(ana)
      const raised = await store.updateOperator(ana, { role: 'operator' })
      assert.deepEqual(raised, { ...ana, role: 'operator' })
      const changed = await store.updateOperator(ana, { passwordHash: 'new' })
      assert.deepEqual(changed, { ...raised, passwordHash: 'new' })
      assert.deepEqual(await store.findOperator(ana.name), changed)
      await refuses(store.updateOperator(operator(), { role: 'admin' }), 'not_found')
    },
  },
  {
    name: 'updateOperator: not another operator, who was given the name since',
    async run({ store }) {
      const before = operator({ name: 'ana' })
      const after = operator({ name: 'ana' })
      await store.createOperator(before)
      await store.removeOperator('ana')
      await store.createOperator(after)
      await refuses(store.updateOperator(before, { role: 'admin' }), 'not_found')
      assert.deepEqual(await store.findOperator('ana'), after)
    },
  },
  {
    name: 'listOperators: every one once, by name, in pages',
    async run({ store }) {
      const added = times(7, () => operator())
      for (const each of added) await store.createOperator(each)
      const found = await allPages((page) => store.listOperators(page), 3)
      const names = added.map(({ name }) => name).toSorted()
      assert.deepEqual(
        found.map(({ name }) => name),
        names,
      )
      await refuses(store.listOperators({ limit: 0, cursor: undefined }), 'invalid_parameter')
      await refuses(store.listOperators({ limit: 5, cursor: 'x' }), 'invalid_parameter')
    },
  },
  {
    name: 'removeOperator: with the operator’s passkeys, and no others',
    async run({ store }) {
      await store.createOperator(operator({ name: 'ana' }))
      await store.createOperator(operator({ name: 'rui' }))
      const ofAna = passkey({ holder: operatorSubject('ana') })
      const ofRui = passkey({ holder: operatorSubject('rui') })
      const ofPerson = passkey({ holder: 'ana' })
      for (const each of [ofAna, ofRui, ofPerson]) await store.addPasskey(each)
      assert.equal(await store.removeOperator('ana'), true)
      assert.equal(await store.removeOperator('ana'), false)
      assert.equal(await store.findOperator('ana'), undefined)
      assert.equal(await store.findPasskey(ofAna.id), undefined)
      assert.deepEqual(await store.findPasskey(ofRui.id), ofRui)
      assert.deepEqual(await store.findPasskey(ofPerson.id), ofPerson)
      // The name is free again.
      await store.createOperator(operator({ name: 'ana' }))
    },
  },
]

export const passkeyChecks: readonly Check[] = [
  {
    name: 'addPasskey: found by id and by holder, and an id is taken once',
    async run(subject) {
      const first = passkey({ counter: 7, createdAtMs: now - 1000 })
      const second = passkey({ lastUsedAtMs: now, transports: [], name: '' })
      await subject.store.addPasskey(second)
      await subject.store.addPasskey(first)
      await subject.store.addPasskey(passkey({ holder: 'joao' }))
      const stolen = passkey({ id: first.id, holder: 'joao' })
      await refuses(subject.store.addPasskey(stolen), 'conflict')
      const store = await subject.reopen()
      assert.deepEqual(await store.findPasskey(first.id), first)
      assert.deepEqual(await store.listPasskeys('maria'), [first, second])
      assert.deepEqual(await store.listPasskeys('mar'), [])
    },
  },
  {
    name: 'usePasskey: a counter only grows; of 20 callers with one value one gets true',
    async run({ store }) {
      const counting = passkey({ counter: 3 })
      await store.addPasskey(counting)
      const uses = times(20, () => store.usePasskey({ id: counting.id, counter: 5, usedAtMs: now }))
      const outcomes = await Promise.all(uses)
      assert.equal(outcomes.filter((isUsed) => isUsed).length, 1)
      for (const counter of [0, 4, 5]) {
        assert.equal(await store.usePasskey({ id: counting.id, counter, usedAtMs: now }), false)
      }
      const used = await store.findPasskey(counting.id)
      assert.deepEqual(used, { ...counting, counter: 5, lastUsedAtMs: now })
    },
  },
  {
    name: 'usePasskey: one that does not count is used again and again, until it counts',
    async run({ store }) {
      const silent = passkey()
      const { id } = silent
      await store.addPasskey(silent)
      for (const usedAtMs of [now, now + 1]) {
        assert.equal(await store.usePasskey({ id, counter: 0, usedAtMs }), true)
      }
      assert.equal((await store.findPasskey(id))?.lastUsedAtMs, now + 1)
      assert.equal(await store.usePasskey({ id, counter: 1, usedAtMs: now }), true)
      assert.equal(await store.usePasskey({ id, counter: 0, usedAtMs: now }), false)
      assert.equal(await store.usePasskey({ id: 'none', counter: 9, usedAtMs: now }), false)
    },
  },
  {
    name: 'removePasskey: only its holder’s',
    async run({ store }) {
      const one = passkey()
      await store.addPasskey(one)
      assert.equal(await store.removePasskey('joao', one.id), false)
      assert.deepEqual(await store.findPasskey(one.id), one)
      assert.equal(await store.removePasskey('maria', one.id), true)
      assert.equal(await store.removePasskey('maria', one.id), false)
      assert.equal(await store.findPasskey(one.id), undefined)
    },
  },
]
