/**
 * The store against a model: whatever is asked, in whatever order and however many at once, the
 * answers are those of one thing after another.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { Refusal } from '../../src/domain/failure.ts'
import type { Generations } from '../../src/domain/generation.ts'
import { EVERYONE, grantKey, participantKey, type Scope } from '../../src/domain/scope.ts'
import type { RefreshTokenRecord, Store } from '../../src/ports/store.ts'
import { assertChain } from '../../src/stores/contract/log.ts'
import {
  allPages,
  joining,
  mintId,
  now,
  revocation,
  rotation,
  session,
  wholeStream,
} from '../../src/stores/contract/samples.ts'
import { Model } from './model.ts'
import { temporarySqlite } from './temporary.ts'

// Few names, so that everything meets everything.
const people = fc.constantFrom('maria', 'ben')
const clients = fc.constantFrom('web', 'tv')
const devices = fc.constantFrom('phone', 'tablet')
const sids = fc.constantFrom('s1', 's2', 's3', 's4', 's5', 's6')
const tokens = fc.constantFrom('t1', 't2', 't3', 't4', 't5', 't6', 't7', 't8')
const moments = fc.integer({ min: 0, max: 100 }).map((offset) => now + offset)
const perhaps = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined })

const ends = fc.oneof(
  ...[sids, sids, sids].map((key) => end('session', key)),
  end('token', tokens),
  end('subject', people),
  end('client', clients),
  end(
    'grant',
    fc.tuple(clients, people).map(([client, person]) => grantKey(client, person)),
  ),
  end(
    'participant',
    fc.tuple(clients, sids).map(([client, sid]) => participantKey(client, sid)),
  ),
  end('device', devices),
  end('everyone', fc.constant(EVERYONE)),
)

function end(scope: Scope, key: fc.Arbitrary<string>) {
  const ifGeneration = perhaps(fc.integer({ min: 0, max: 3 }))
  return fc.record({
    kind: fc.constant('revoke' as const),
    scope: fc.constant(scope),
    key,
    ifGeneration,
  })
}

const opens = fc.record({
  kind: fc.constant('open' as const),
  sid: sids,
  subjectId: people,
  clientId: clients,
  deviceKey: perhaps(devices),
  expiresAtMs: moments,
  token: perhaps(tokens),
  tokenExpiresAtMs: moments,
})

/** With the facts of the session that is there, mostly. */
const joins = fc.record({
  kind: fc.constant('join' as const),
  sid: sids,
  participantId: fc.constantFrom('p1', 'p2', 'p3'),
  clientId: clients,
  joinedAtMs: moments,
  guessed: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
  token: perhaps(tokens),
})

const rotations = fc.record({
  kind: fc.constant('rotate' as const),
  id: tokens,
  guessed: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
  nowMs: moments,
  graceMs: fc.constantFrom(0, 20, 60),
  successor: perhaps(tokens),
  answer: fc.uint8Array({ maxLength: 4 }),
})

const steps = fc.oneof(
  { weight: 3, arbitrary: opens },
  { weight: 3, arbitrary: joins },
  { weight: 4, arbitrary: rotations },
  { weight: 2, arbitrary: ends },
)
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never

function record(id: string, expiresAtMs: number): RefreshTokenRecord {
  return { id, secretHash: `hash of ${id}`, expiresAtMs }
}

/** Asks both, and returns what each says in the same words. The model answers at once. */
function perform(step: Step, store: Store, model: Model): [Promise<string>, string] {
  switch (step.kind) {
    case 'revoke': {
      const { scope, key, ifGeneration } = step
      const seen = ifGeneration === undefined ? {} : { ifGeneration }
      const command = revocation({ id: mintId(), scope, key, ...seen })
      const said = store
        .revoke(command)
        .then(({ added, revocation: entry }) =>
          added ? `added ${entry.sequence} ${entry.generation}` : `was ended by ${entry.id}`,
        )
      return [said, model.revoke(command)]
    }
    case 'open': {
      const { kind: _kind, token, tokenExpiresAtMs, ...values } = step
      const refreshToken = token === undefined ? undefined : record(token, tokenExpiresAtMs)
      const command = session({ ...values, refreshToken })
      const said = store.openSession(command).then(({ generations }) => inOrder(generations))
      return [said, model.openSession(command)]
    }
    case 'join': {
      const { sid, guessed, token, clientId, joinedAtMs, participantId } = step
      const there = model.factsOf(sid) ?? session({ sid })
      const facts = guessed ? { ...there, subjectId: 'eve' } : there
      const refreshToken = token === undefined ? undefined : record(token, now + 80)
      const command = joining(facts, { participantId, clientId, joinedAtMs, refreshToken })
      const said = store.joinSession(command).then((joined) => {
        if (joined === undefined) return 'ended'
        return `${joined.participantId} ${inOrder(joined.generations)}`
      })
      return [said, model.joinSession(command)]
    }
    case 'rotate': {
      const { id, guessed, nowMs, graceMs, answer, successor } = step
      const presented = { ...record(id, 0), ...(guessed ? { secretHash: 'guessed' } : {}) }
      const command = rotation(presented, {
        nowMs,
        graceMs,
        sealedAnswer: answer,
        successor: successor === undefined ? undefined : record(successor, now + 80),
      })
      const said = store
        .rotate(command)
        .then((outcome) =>
          outcome.kind === 'replayed'
            ? `replayed ${Buffer.from(outcome.sealedAnswer).toString('hex')}`
            : outcome.kind,
        )
      return [said, model.rotate(command)]
    }
  }
}

function inOrder(of: Generations): string {
  return [of.everyone, of.participant, of.subject, of.client, of.grant, of.device].join()
}

it('a store answers as if one thing happened after another', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.array(steps, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 8 }),
    async (groups) => {
      const subject = await temporarySqlite()
      try {
        const model = new Model()
        for (const group of groups) await together(group, subject.store, model)
        await sameInTheEnd(await subject.reopen(), model)
      } finally {
        await subject.close()
      }
    },
  )
  await fc.assert(property, { numRuns: 25, plugins: [fc.interruptAfterTimeLimit(60_000)] })
})

/** Submits all without waiting; the answers are those of the model, in the order of the calls. */
async function together(group: readonly Step[], store: Store, model: Model): Promise<void> {
  const asked = group.map((step) => perform(step, store, model))
  const said = await Promise.all(
    asked.map(([answer]) =>
      answer.catch((error: unknown) => {
        if (error instanceof Refusal) return error.failure.kind
        throw error
      }),
    ),
  )
  assert.deepEqual(
    said,
    asked.map(([, expected]) => expected),
  )
}

async function sameInTheEnd(store: Store, model: Model): Promise<void> {
  await assertChain(store, model.log.length)
  const entries = await wholeStream(store)
  assert.deepEqual(
    entries.map(({ id, generation }) => ({ id, generation })),
    model.log,
  )
  for (const nowMs of [now, now + 50]) {
    const live = model.liveSessions(nowMs)
    const expected = live.map(({ sid }) => sid)
    const listed = await allPages((page) => store.listSessions({ liveAtMs: nowMs }, nowMs, page), 4)
    assert.deepEqual(
      listed.map((item) => item.session.sid),
      expected,
    )
    assert.equal((await store.countSessions({ liveAtMs: nowMs })).count, expected.length)
    for (const { session: first, participants } of listed) {
      const clientIds = participants
        .filter(({ state }) => state === 'live')
        .map((participant) => participant.session.clientId)
      const known = live.find(({ sid }) => sid === first.sid)
      assert.deepEqual(clientIds.toSorted(), known?.clientIds.toSorted())
    }
    for (const clientId of ['web', 'tv']) {
      const count = live.filter(({ clientIds }) => clientIds.includes(clientId)).length
      const found = await store.countSessions({ clientId, liveAtMs: nowMs })
      assert.equal(found.count, count)
    }
    for (const device of ['phone', 'tablet']) {
      const mine = listed.find((item) => item.session.deviceKey === device)
      const found = await store.findDeviceSession(device, nowMs)
      assert.equal(found?.sid, mine?.session.sid)
    }
  }
}
