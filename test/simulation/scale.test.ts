/**
 * The large simulation (`npm run bench -- scale`) at a small size: it runs, it repeats itself, and
 * it finds a rule that is broken on purpose.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Violation } from '../../bench/scale/checker.ts'
import { parseCommand, type Parameters } from '../../bench/scale/parameters.ts'
import { simulate } from '../../bench/scale/simulate.ts'
import type { Flaws } from '../../bench/scale/world.ts'

/** Worlds in which a broken rule must show. */
const seedsForFlaws = 20

function world(...options: readonly string[]): Parameters {
  const [parameters] = parseCommand(['--small', ...options]).worlds ?? []
  assert.ok(parameters)
  return parameters
}

suite('the simulation of many nodes and guards', () => {
  test('keeps the invariants amid faults, and confirms in time', async () => {
    const { calm, amidFaults, faults, checks } = await simulate(world('--seed', '1'))
    assert.ok(calm.logouts > 20 && calm.all.max < 1000, `${calm.all.max} ms`)
    assert.ok(amidFaults && amidFaults.logouts > 10, `${amidFaults?.logouts} logouts amid faults`)
    assert.ok(faults && faults.kills > 0 && faults.regionsCut > 0)
    assert.ok(checks.refused > 10_000, `${checks.refused} refused`)
  })

  test('gives the same figures for the same seed', async () => {
    const options = ['--nodes', '3', '--guards', '30', '--seconds', '2', '--seed', '7']
    const [first, second] = [await simulate(world(...options)), await simulate(world(...options))]
    assert.deepEqual(second.amidFaults, first.amidFaults)
    assert.deepEqual(second.messages, first.messages)
    assert.deepEqual(second.checks, first.checks)
  })

  const flaws: Readonly<Record<string, Flaws>> = {
    'that acknowledges before its guards have': { speaksTooSoon: true },
    'that grants leases beyond its own': { grantsBeyondItsOwn: true },
    'whose guards count their lease from the pong': { guardRules: { countsFromPing: false } },
  }
  for (const [name, flaw] of Object.entries(flaws)) {
    test(`finds a node ${name}`, async () => {
      for (let seed = 1; seed <= seedsForFlaws; seed++) {
        try {
          await simulate(world('--guards', '60', '--seed', String(seed)), flaw)
        } catch (error) {
          assert.ok(error instanceof Violation)
          if (error.message.includes('accepted a token after its logout')) return
        }
      }
      assert.fail(`no world of ${seedsForFlaws} shows it`)
    })
  }
})
