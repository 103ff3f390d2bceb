/** How messages are sent to receivers that misbehave: real HTTP, and time that tests let pass. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Core } from '../../src/core/core.ts'
import { deliver, MAX_DELIVERY_ATTEMPTS } from '../../src/core/deliver.ts'
import type { CoreDependencies } from '../../src/core/dependencies.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Receiver } from '../../src/ports/delivery.ts'
import { createMvpdReceiver } from '../../src/receivers/mvpd/index.ts'
import { createExchange } from '../../src/receivers/exchange.ts'
import { startSending, type Sending } from '../../src/server/deliveries/sending.ts'
import { silentLog } from '../../src/server/system.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { oweDelivery } from '../admin/deliveries.ts'
import { temporarySqlite, type TemporarySqlite } from '../stores/temporary.ts'
import { ManualClock } from './manual-clock.ts'
import { openProvider, SECRET, takes, type Behave, type Provider } from './provider.ts'
import { Work } from './work.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

let work: Work
/** How often each message was begun to be sent, and which are on their way and in time. */
let begun: Map<string, number>
let onTheirWay: Set<string>

/**
 * However slow the machine is, nothing is late because a test hurried on: what is on its way is
 * with a provider that leaves it without an answer.
 */
async function settled(): Promise<void> {
  const isHeld = (id: string): boolean =>
    [one, two].some((provider) => provider.holds(id, begun.get(id) ?? 0))
  do await sleep(1)
  while (work.underWay > onTheirWay.size || ![...onTheirWay].every(isHeld))
}

const answers =
  (status: number, headers: Readonly<Record<string, string>> = {}): Behave =>
  (_told, response) => {
    response.writeHead(status, headers).end()
  }

let clock: ManualClock
let database: TemporarySqlite
let one: Provider
let two: Provider
let sending: Sending

beforeEach(async () => {
  work = new Work()
  begun = new Map()
  onTheirWay = new Set()
  clock = new ManualClock(settled)
  database = await temporarySqlite()
  one = await openProvider()
  two = await openProvider()
})

afterEach(async () => {
  await sending.close()
  await database.close()
  await one.close()
  await two.close()
})

/** @param to Who is sent to; the two providers over HTTP by default. */
function send(to?: Receiver): void {
  const random = new SeededRandom(1)
  const dependencies = { store: database.store, clock, random, log: silentLog }
  const core = {
    deliver: work.counted(async (request: Parameters<Core['deliver']>[0]) => {
      const { id } = request.delivery
      begun.set(id, (begun.get(id) ?? 0) + 1)
      onTheirWay.add(id)
      const own: Clock = {
        nowMs: () => clock.nowMs(),
        monotonicMs: () => clock.monotonicMs(),
        after: (ms, act) =>
          clock.after(ms, () => {
            onTheirWay.delete(id)
            act()
          }),
      }
      try {
        const parts = { ...dependencies, clock: own } as unknown as CoreDependencies
        return await deliver(parts, request)
      } finally {
        onTheirWay.delete(id)
      }
    }),
  } as unknown as Core
  const providers = createMvpdReceiver({
    providers: [
      { id: 'one', displayName: '', logout: { kind: 'message', url: one.url }, secret: SECRET },
      { id: 'two', displayName: '', logout: { kind: 'message', url: two.url }, secret: SECRET },
    ],
    dialect: 'adobe-pass',
    viewerOf: () => ({ mvpd: '', userId: '', claims: {} }),
    exchange: createExchange({ isListed: () => true, setting: '' }),
    nowMs: () => clock.nowMs(),
    newId: () => crypto.randomUUID(),
    returnUrl: 'https://pass.example/back',
  })
  sending = startSending({
    core,
    dependencies: {
      ...dependencies,
      store: work.countedIn(database.store),
      receivers: [to ?? providers],
    },
    observe: () => undefined,
  })
}

function owe(receiver: 'one' | 'two', subject?: string): Promise<string> {
  return oweDelivery(database.store, {
    receiver: `mvpd:${receiver}`,
    createdAtMs: clock.nowMs(),
    ...(subject === undefined ? {} : { subject }),
  })
}

async function find(id: string) {
  const delivery = await database.store.findDelivery(id)
  assert.ok(delivery)
  return delivery
}

suite('a receiver', () => {
  test('that hangs holds no other up, and is tried again later', async () => {
    one.behave(() => undefined)
    const ids = await Promise.all(Array.from({ length: 20 }, (_, n) => owe('one', `v${String(n)}`)))
    await owe('two')
    send()
    await two.hears(1)
    await one.hears(8)
    assert.equal(two.told.length, 1)
    assert.equal(one.told.length, 8, 'so many at once, and no more')
    await clock.pass(11_000)
    const { lastError, state } = await find(ids[0] ?? '')
    assert.deepEqual([state, lastError], ['owed', 'no answer within 10 seconds'])
    one.behave(takes)
    await clock.pass(30_000)
    for (const id of ids) assert.equal((await find(id)).state, 'delivered')
  })

  test('that answers 500 for an hour gets the message then, each time under the same id', async () => {
    one.behave(answers(500))
    const id = await owe('one')
    send()
    await settled()
    await clock.pass(3_600_000, 60_000)
    const before = one.told.length
    assert.ok(before >= 6 && before <= 20, `${String(before)} attempts in an hour`)
    one.behave(takes)
    await clock.pass(3_600_000, 60_000)
    assert.equal(one.told.length, before + 1)
    assert.ok(one.told.every((told) => told.id === id && told.header === id))
    assert.equal((await find(id)).state, 'delivered')
  })

  test('that asks for two minutes gets two minutes, for all its messages', async () => {
    one.behave(answers(429, { 'retry-after': '120' }))
    await owe('one', 'a')
    send()
    await one.hears(1)
    await settled()
    await owe('one', 'b')
    await clock.pass(118_000, 10_000)
    assert.equal(one.told.length, 1)
    one.behave(takes)
    await clock.pass(10_000)
    assert.equal(one.told.length, 3)
  })

  test('that refuses the message is not asked again until an operator says so', async () => {
    one.behave(answers(400))
    const id = await owe('one')
    send()
    await clock.pass(3_600_000, 60_000)
    assert.equal(one.told.length, 1)
    const { state, lastError } = await find(id)
    assert.deepEqual([state, lastError], ['dead', 'it answered 400'])
    one.behave(takes)
    await database.store.retryDelivery(id, clock.nowMs())
    await clock.pass(3_000)
    assert.equal((await find(id)).state, 'delivered')
  })

  test('that is away for ever is given up, after days', async () => {
    one.behave((_told, response) => {
      response.destroy()
    })
    const id = await owe('one')
    send()
    let hours = 0
    for (; (await find(id)).state !== 'dead' && hours < 500; hours++) {
      await clock.pass(3_600_000, 600_000)
    }
    assert.ok(hours >= 48 && hours < 120, `${String(hours)} hours`)
    const { attempts, lastError } = await find(id)
    assert.equal(attempts, MAX_DELIVERY_ATTEMPTS)
    assert.match(lastError ?? '', /^(it closed the connection|no answer within 10 seconds)$/)
  })

  test('gets messages on one subject in their order', async () => {
    let failures = 3
    one.behave((_told, response) => {
      response.writeHead(failures-- > 0 ? 503 : 204).end()
    })
    const ids = [await owe('one', 'maria'), await owe('one', 'maria')]
    send()
    await clock.pass(60_000)
    const [first, second] = ids
    assert.deepEqual(
      one.told.map(({ id }) => id),
      [first, first, first, first, second],
    )
  })
})

test('what is on its way when the server stops is owed, as if it had not been tried', async () => {
  one.behave(() => undefined)
  const id = await owe('one')
  send()
  await one.hears(1)
  await sending.close()
  const { state, attempts } = await find(id)
  assert.deepEqual([state, attempts], ['owed', 0])
})

test('a receiver that does not listen to its signal does not keep the server from stopping', async () => {
  const id = await owe('one')
  const asked = Promise.withResolvers<void>()
  const deaf: Receiver = {
    kind: 'mvpd',
    dialects: [],
    owes: () => undefined,
    send: () => {
      asked.resolve()
      return new Promise(() => undefined)
    },
  }
  send(deaf)
  await asked.promise
  await sending.close()
  const { state, attempts } = await find(id)
  assert.deepEqual([state, attempts], ['owed', 0])
})

test('a receiver that leaves listeners on its signals does not fill the memory', async () => {
  const signals: WeakRef<AbortSignal>[] = []
  const careless: Receiver = {
    kind: 'mvpd',
    dialects: [],
    owes: () => undefined,
    send: (_delivery, signal) => {
      signals.push(new WeakRef(signal))
      signal.addEventListener('abort', () => undefined)
      return Promise.resolve({ kind: 'delivered' })
    },
  }
  const id = await owe('one')
  send(careless)
  while ((await find(id)).state !== 'delivered') await clock.pass(1000)
  const deadline = performance.now() + 30_000
  let kept: number
  do {
    assert.ok(performance.now() < deadline, 'a signal is kept')
    // What was looked at lives until the next turn.
    await sleep(10)
    collectGarbage()
    kept = signals.filter((signal) => signal.deref() !== undefined).length
  } while (kept > 0)
  assert.equal(signals.length, 1)
})

test('what is claimed while the server stops is not sent', async () => {
  one.behave(takes)
  const id = await owe('one')
  send()
  await sending.close()
  const { state, attempts } = await find(id)
  assert.deepEqual([state, attempts, one.told.length], ['owed', 0, 0])
})
