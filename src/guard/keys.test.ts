import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { errors, exportJWK, generateKeyPair, type CryptoKey } from 'jose'
import { runtimeClock, type GuardClock } from './clock.ts'
import { GuardKeys } from './keys.ts'

const { publicKey } = await generateKeyPair('ES256', { extractable: true })
const known = { ...(await exportJWK(publicKey)), kid: 'known', alg: 'ES256' }

/** Keys of a server that answers with these headers. */
function keysOf(headers: Record<string, string>): GuardKeys {
  const fetch = () => Promise.resolve(Response.json({ keys: [known] }, { headers }))
  return new GuardKeys('http://127.0.0.1:1', { clock: runtimeClock, fetch })
}

const find = (keys: GuardKeys, kid: string): Promise<unknown> =>
  Promise.resolve(keys.find({ kid, alg: 'ES256' }, {} as never))

/** A monotonic clock that the test moves, beside a wall clock that was set back. */
function passingTime(): { readonly clock: GuardClock; readonly pass: (ms: number) => void } {
  let nowMs = 0
  const due: { readonly atMs: number; readonly act: () => void }[] = []
  return {
    clock: {
      nowMs: () => -3_600_000,
      monotonicMs: () => nowMs,
      after(delayMs, act) {
        due.push({ atMs: nowMs + delayMs, act })
        return () => undefined
      },
    },
    pass(ms) {
      nowMs += ms
      for (const { act } of due.filter(({ atMs }) => atMs <= nowMs)) act()
    },
  }
}

/** Lets promises settle until something holds; fails where it never does. */
async function settled(holds: () => boolean): Promise<void> {
  for (let turns = 0; turns < 1000 && !holds(); turns++) await turn()
  assert.ok(holds())
}

suite('the keys of a guard', () => {
  test('a key that the server does not have is not there', async () => {
    const keys = keysOf({})
    await find(keys, 'known')
    await assert.rejects(find(keys, 'other'), errors.JWKSNoMatchingKey)
  })

  test('where the server could not read its keys, it is not known whether it is there', async () => {
    const keys = keysOf({ 'outright-keys': 'stale' })
    await find(keys, 'known')
    // Also while it may not ask again.
    for (let round = 0; round < 2; round++) {
      await assert.rejects(find(keys, 'other'), /could not read/)
    }
  })

  test('a key that was made since the keys were asked for is found, whatever the wall clock says', async () => {
    const time = passingTime()
    const { publicKey: other } = await generateKeyPair('ES256', { extractable: true })
    const added = { ...(await exportJWK(other)), kid: 'added', alg: 'ES256' }
    const answers: (() => void)[] = []
    let served = [known]
    const keys = new GuardKeys('http://127.0.0.1:1', {
      clock: time.clock,
      // What it answers is fixed when it is asked; the answer takes its time.
      fetch: async () => {
        const body = { keys: served }
        await new Promise<void>((resolve) => answers.push(resolve))
        return Response.json(body)
      },
    })
    keys.prefetch()
    served = [known, added]
    const found = find(keys, 'added')
    answers[0]?.()
    await turn()
    time.pass(1000)
    await settled(() => answers.length > 1)
    answers[1]?.()
    assert.ok(await found)

    // Asked a moment ago: the answer waits for the next time that the server may be asked.
    const missing = assert.rejects(find(keys, 'missing'), errors.JWKSNoMatchingKey)
    await turn()
    time.pass(999)
    await turn()
    assert.equal(answers.length, 2)
    time.pass(1)
    await settled(() => answers.length > 2)
    answers[2]?.()
    await missing
  })

  test('a key that was found is there without a promise until the keys are fetched anew', async () => {
    const { publicKey: other } = await generateKeyPair('ES256', { extractable: true })
    const successor = { ...(await exportJWK(other)), kid: 'known', alg: 'ES256' }
    const answers = [known, successor]
    let answer: (() => void) | undefined
    const keys = new GuardKeys('http://127.0.0.1:1', {
      clock: runtimeClock,
      fetch: async () => {
        if (answers.length === 1) await new Promise<void>((resolve) => (answer = resolve))
        return Response.json({ keys: [answers.shift() ?? successor] })
      },
    })
    const xOf = async (key: unknown): Promise<unknown> => (await exportJWK(key as CryptoKey)).x
    await find(keys, 'known')
    const before = await find(keys, 'known')
    assert.equal(await xOf(before), known.x)
    assert.equal(keys.find({ kid: 'known', alg: 'ES256' }, {} as never), before)

    keys.prefetch()
    // What is found while they are on their way is one of those before, and not kept.
    assert.equal(await find(keys, 'known'), before)
    answer?.()
    for (let turns = 0; turns < 1000 && (await find(keys, 'known')) === before; turns++)
      await turn()
    const after = await find(keys, 'known')
    assert.equal(await xOf(after), successor.x)
    assert.equal(keys.find({ kid: 'known', alg: 'ES256' }, {} as never), after)
    // Another algorithm is another question.
    await assert.rejects(Promise.resolve(keys.find({ kid: 'known', alg: 'RS256' }, {} as never)))
  })
})
