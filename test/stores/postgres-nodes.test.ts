/** Several nodes on one database: races between them, and the news that they have of each other. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { firstAccess } from '../../src/domain/access-horizon.ts'
import type { Revocation } from '../../src/domain/revocation.ts'
import type { Scope } from '../../src/domain/scope.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { RevokeOutcome, RotateCommand } from '../../src/ports/store.ts'
import { systemClock } from '../../src/server/system.ts'
import { planInStorm } from '../../src/stores/contract/delivery-samples.ts'
import { assertChain } from '../../src/stores/contract/log.ts'
import {
  now,
  openWithToken,
  revocation,
  rotation,
  session,
  times,
} from '../../src/stores/contract/samples.ts'
import { LOOK_EVERY_MS } from '../../src/stores/postgres/parts.ts'
import type { PostgresStore } from '../../src/stores/postgres/store.ts'
import { startCluster, startPostgres, type TestPostgres } from '../../src/testing/postgres.ts'
import { recordStatements, refusalsOf, schemaInTransaction } from './refused-sql.ts'
import { startPooler, urlThrough } from './pooler.ts'
import { modes, openNode, type Mode } from './temporary-postgres.ts'
import { until } from './until.ts'

const stages = [await stageFor(modes[0]), await stageFor(modes[1])] as const
after(() => Promise.all(stages.map(({ server }) => server.stop())))

type Stage = Mode & { readonly server: TestPostgres }

async function stageFor(mode: Mode): Promise<Stage> {
  const settings = { fsync: 'off', ...mode.settings }
  return { ...mode, server: await startPostgres({ own: mode !== modes[0], settings }) }
}

async function withNodes(
  { server, options }: Stage,
  names: readonly string[],
  use: (nodes: readonly PostgresStore[], url: string) => Promise<void>,
): Promise<void> {
  const url = await server.createDatabase()
  // At once, on an empty database: the first node makes the schema.
  const nodes = await Promise.all(names.map((name) => openNode(url, name, options)))
  try {
    await use(nodes, url)
  } finally {
    await Promise.all(nodes.map((node) => node.close()))
  }
}

for (const stage of stages)
  describe(`two nodes on ${stage.name}`, () => {
    it('race revoke, rotate and openSession: what ended is dead, and nothing else', async () => {
      await withNodes(stage, ['north', 'south'], async (nodes) => {
        for (let seed = 1; seed <= 60; seed++) await raceOnce(nodes, seed)
        for (const node of nodes) await checkChains(nodes, node)
      })
    })

    it('revoke one key at once: one entry, and both say which', async () => {
      await withNodes(stage, ['north', 'south'], async ([north, south]) => {
        assert.ok(north && south)
        for (let round = 0; round < 40; round++) {
          const key = `session ${String(round)}`
          const outcomes: readonly RevokeOutcome[] = await Promise.all(
            [north, south, north, south].map((node) => node.revoke(revocation({ key }))),
          )
          assert.equal(outcomes.filter(({ added }) => added).length, 1)
          assert.equal(new Set(outcomes.map((outcome) => outcome.revocation.id)).size, 1)
        }
      })
    })

    it('raise many counters in opposite orders without status in a circle', async () => {
      await withNodes(stage, ['north', 'south'], async ([north, south]) => {
        assert.ok(north && south)
        const keys = times(20, (index) => `client ${String(index)}`)
        const raise = (node: PostgresStore, order: readonly string[]) =>
          Promise.all(order.map((key) => node.revoke(revocation({ scope: 'client', key }))))
        for (let round = 0; round < 10; round++) {
          await Promise.all([raise(north, keys), raise(south, keys.toReversed())])
        }
        for (const clientId of keys) {
          const of = { clientId, subjectId: 'maria', deviceKey: undefined }
          assert.equal((await north.generations(of)).client, 20)
        }
      })
    })

    it('see what the other has resolved, at once', async () => {
      await withNodes(stage, ['north', 'south'], async ([north, south]) => {
        assert.ok(north && south)
        for (let round = 0; round < 20; round++) {
          const { sid, token } = await openWithToken(north)
          await south.revoke(revocation({ key: sid }))
          assert.deepEqual(await north.rotate(rotation(token)), { kind: 'revoked' })
        }
      })
    })

    it('plan what a login stored too late, once, at whatever moment it was ended', async () => {
      await withNodes(stage, ['north', 'south'], async ([north, south]) => {
        assert.ok(north && south)
        await planInStorm([north, south])
      })
    })

    it('let no token outlive what ends it, where one issues longer ones than ever before', async () => {
      await withNodes(stage, ['north', 'south'], async ([north, south]) => {
        assert.ok(north && south)
        const atMs = now - 1_000_000_000
        for (let round = 0; round < 30; round++) {
          const expiresAtMs = now + 40 * 86_400_000
          const long = session({ accessLifetimeMs: 1000 * 2 ** (round % 22), expiresAtMs })
          const createdAtMs = now + round
          const [opened, { revocation: wide }] = await Promise.all([
            north.openSession({ ...long, createdAtMs }),
            south.revoke(revocation({ scope: 'subject', key: 'maria', atMs })),
          ])
          const tokenUntilMs = firstAccess(opened).expiresAtMs
          if (opened.generations.subject < wide.generation) {
            assert.ok(wide.forgetAfterMs >= tokenUntilMs, `round ${String(round)}`)
          }
          for (const [scope, key] of [
            ['session', opened.sid],
            ['token', opened.sid],
          ] as const) {
            const { revocation: narrow } = await south.revoke(revocation({ scope, key, atMs }))
            assert.ok(narrow.forgetAfterMs >= tokenUntilMs, `${scope}, round ${String(round)}`)
          }
        }
      })
    })

    const notifications = ['notify', 'poll'] as const
    for (const notifier of stage === stages[0] ? notifications : notifications.slice(1)) {
      it(`hear of each other's entries once, in order, by ${notifier}`, async () => {
        const url = await stage.server.createDatabase()
        const [north, south] = await Promise.all(
          ['north', 'south'].map((name) => openNode(url, name, { ...stage.options, notifier })),
        )
        assert.ok(north && south)
        try {
          const heard: Revocation[] = []
          south.onCommitted((entries) => heard.push(...entries))
          const outcomes = await Promise.all(
            times(500, (index) => [north, south][index % 2]!.revoke(revocation())),
          )
          await until(() => heard.length >= 500)
          assert.equal(heard.length, 500)
          for (const stream of ['north', 'south']) {
            const sequences = heard.filter((entry) => entry.stream === stream)
            assert.deepEqual(
              sequences.map(({ sequence }) => sequence),
              times(250, (index) => index + 1),
            )
          }
          const ids = new Set(heard.map(({ id }) => id))
          assert.ok(outcomes.every((outcome) => ids.has(outcome.revocation.id)))
        } finally {
          await Promise.all([north.close(), south.close()])
        }
      })
    }

    it('rotate keys at once: one signs', async () => {
      await withNodes(stage, ['north', 'south', 'east', 'west'], async (nodes) => {
        const key = (kid: string) => ({
          kid,
          algorithm: 'ES256' as const,
          privateJwk: '{}',
          createdAtMs: now,
          retiredAtMs: undefined,
          removeAfterMs: undefined,
        })
        const first = await Promise.all(
          nodes.map((node) => node.rotateKeys(key(node.stream), now, true)),
        )
        assert.equal(first.filter(Boolean).length, 1)
        await Promise.all(nodes.map((node) => node.rotateKeys(key(`${node.stream} 2`), now, false)))
        const keys = (await nodes[0]?.listKeys()) ?? []
        assert.equal(keys.length, 5)
        assert.equal(keys.filter(({ retiredAtMs }) => retiredAtMs === undefined).length, 1)
      })
    })
  })

for (const stage of stages)
  describe(`a stream on ${stage.name}`, () => {
    it('has one writer: who opens it takes it, and the other stores nothing more', async () => {
      await withNodes(stage, ['north'], async ([old], url) => {
        assert.ok(old)
        await old.revoke(revocation())
        const young = await openNode(url, 'north', stage.options)
        const refused = revocation()
        try {
          await assert.rejects(old.revoke(refused), /store_unavailable/)
          await assert.rejects(old.openSession(session()), /store_unavailable/)
          assert.equal(await young.findRevocation(refused.id), undefined)
          const { revocation: entry } = await young.revoke(revocation())
          assert.equal(entry.sequence, 2)
        } finally {
          await young.close()
        }
      })
    })
  })

describe('behind a pooler', () => {
  for (const swallows of [true, false]) {
    const [what, notifier] = swallows ? ['swallows', false] : ['passes on', true]
    it(`that ${what} notifications a node ${notifier ? 'has' : 'does without'} a notifier`, async () => {
      const cluster = await startCluster({ settings: { fsync: 'off' } })
      const pooler = await startPooler(cluster, swallows)
      const url = urlThrough(pooler, await cluster.createDatabase())
      let isOpen = false
      // The look of every second never comes: news have to come without it. As little does a slow
      // machine cut the try short that is to find the notifier.
      const clock: Clock = {
        ...systemClock,
        after: (delayMs, callback) =>
          systemClock.after(delayMs, () => {
            if (delayMs < LOOK_EVERY_MS.notify || (swallows && !isOpen)) callback()
          }),
      }
      const open = (name: string) => openNode(url, name, { clock })
      const nodes = await Promise.all(['north', 'south'].map(open))
      isOpen = true
      const [north, south] = nodes
      assert.ok(north && south)
      try {
        assert.equal(north.shared.notifier !== undefined, notifier)
        const heard: Revocation[] = []
        south.onCommitted((entries) => heard.push(...entries))
        for (let round = 1; round <= 5; round++) {
          const outcome: RevokeOutcome = await north.revoke(revocation())
          await until(() => heard.length === round)
          assert.deepEqual(heard.at(-1), outcome.revocation)
        }
      } finally {
        await Promise.all(nodes.map((node) => node.close()))
        pooler.close()
        await cluster.stop()
      }
    })
  }
})

describe('on a database that refuses transactions for their order', () => {
  it('every call was answered, although some were refused', async () => {
    const [, { server, options }] = stages
    const recording = recordStatements()
    const url = await server.createDatabase()
    const nodes = await Promise.all(['north', 'south'].map((name) => openNode(url, name, options)))
    try {
      const keys = times(8, (index) => `client ${String(index)}`)
      const command = (key: string) => revocation({ scope: 'client', key })
      for (let round = 0; round < 20; round++) {
        await Promise.all(nodes.flatMap((node) => keys.map((key) => node.revoke(command(key)))))
      }
      for (const node of nodes) await checkChains(nodes, node)
    } finally {
      await Promise.all(nodes.map((node) => node.close()))
      recording.stop()
    }
    assert.ok((recording.failures.get('40001') ?? 0) > 0, 'no call was refused')
    assert.deepEqual(recording.sent.map(({ text }) => text).flatMap(refusalsOf), [])
    assert.deepEqual(schemaInTransaction(recording.sent), [])
  })
})

/** A number between 0 and 1 that follows from the seed. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

interface Opened {
  readonly sid: string
  /** The first use of its token, at either node. */
  readonly first: RotateCommand
  readonly generation: number
}

async function raceOnce(nodes: readonly PostgresStore[], seed: number): Promise<void> {
  const random = chance(seed)
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!
  const subjectId = `subject ${String(seed)}`
  const said = `seed ${String(seed)}`
  const opened: Opened[] = []
  const open = async (): Promise<void> => {
    const { sid, token } = await openWithToken(pick(nodes), { subjectId })
    const stored = await pick(nodes).findSession(sid)
    opened.push({ sid, first: rotation(token), generation: stored?.generations.subject ?? -1 })
  }
  await Promise.all(times(4, open))
  const atRisk = [...opened]
  const before = atRisk.map(({ generation }) => generation)
  assert.deepEqual(before, [0, 0, 0, 0], said)

  const ended = new Set<string>()
  let raised = 0
  const rotations = new Map<string, Promise<string>[]>()
  const end = async (scope: Scope, key: string): Promise<void> => {
    const { added } = await pick(nodes).revoke(revocation({ scope, key }))
    if (scope === 'session') ended.add(key)
    else if (added) raised++
  }
  const actions = times(24, () => {
    const roll = random()
    const one = pick(atRisk)
    if (roll < 0.2) return end('session', one.sid)
    if (roll < 0.3) return end('subject', subjectId)
    if (roll < 0.5) return open()
    const outcome = pick(nodes)
      .rotate(one.first)
      .then(({ kind }) => kind)
    rotations.set(one.sid, [...(rotations.get(one.sid) ?? []), outcome])
    return outcome
  })
  await Promise.all(actions)

  for (const { sid, generation, first } of opened) {
    const dead = ended.has(sid) || generation < raised
    const kinds = await Promise.all(rotations.get(sid) ?? [])
    const rotated = kinds.filter((kind) => kind === 'rotated').length
    assert.ok(rotated <= 1, `${said}: ${kinds.join()}`)
    // The client with the newest token of the session presents it, at either node.
    const newest = rotated === 1 && first.successor ? rotation(first.successor) : first
    const { kind } = await pick(nodes).rotate(newest)
    assert.equal(kind, dead ? 'revoked' : 'rotated', `${said} ${sid}`)
  }
  const counter = await pick(nodes).generations({ subjectId, clientId: '', deviceKey: undefined })
  assert.equal(counter.subject, raised, said)
}

async function checkChains(nodes: readonly PostgresStore[], at: PostgresStore): Promise<void> {
  for (const { stream } of nodes) {
    const head = (await at.head()).get(stream) ?? 0
    assert.ok(head > 0)
    await assertChain({ ...at, stream }, head)
  }
}
