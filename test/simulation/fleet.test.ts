/**
 * Whole servers in simulated fleets, against the invariants of the design: real cores, hubs, leases
 * and guards over the real statements of a store, with people who log in and out at all of them.
 *
 * `OUTRIGHT_SIMULATION_SEEDS=20000` tries more fleets, `OUTRIGHT_SIMULATION_FROM=1000000` others,
 * `OUTRIGHT_SIMULATION_SEED=7` one again.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { simulateFleet, type FleetOutcome, type FleetVariant } from './fleet/simulate.ts'

const one = process.env['OUTRIGHT_SIMULATION_SEED']
const seeds = Number(process.env['OUTRIGHT_SIMULATION_SEEDS'] ?? 30)
const firstSeed = Number(process.env['OUTRIGHT_SIMULATION_FROM'] ?? 1)

const calm: FleetVariant = { retries: false, wrongClocks: false, weeks: false }

suite('simulated fleets', () => {
  test('keep the invariants', async () => {
    const from = one === undefined ? firstSeed : Number(one)
    const until = one === undefined ? from + seeds - 1 : from
    const sums = { issued: 0, promised: 0, accepted: 0, refused: 0, stale: 0, refreshed: 0 }
    for (let seed = from; seed <= until; seed++) {
      const outcome = await simulateFleet(seed, calm)
      assert.deepEqual(outcome.violations, [], complain(seed, outcome))
      for (const name of Object.keys(sums) as (keyof typeof sums)[]) {
        sums[name] += outcome.counts[name]
      }
    }
    if (one !== undefined) return
    // Fleets in which little happens would show little.
    assert.ok(sums.issued > 30 * seeds, `${sums.issued} issued`)
    assert.ok(sums.promised > 8 * seeds, `${sums.promised} promised`)
    assert.ok(sums.accepted > 50 * seeds, `${sums.accepted} accepted`)
    assert.ok(sums.refused > 50 * seeds, `${sums.refused} refused`)
    assert.ok(sums.refreshed > 5 * seeds, `${sums.refreshed} refreshed`)
  })

  test('happen again in the same way for the same seed', async () => {
    const [first, second] = [await simulateFleet(4711, calm), await simulateFleet(4711, calm)]
    assert.deepEqual(second, first)
  })
})

function complain(seed: number, { violations }: FleetOutcome): string {
  const again = `OUTRIGHT_SIMULATION_SEED=${seed} node --test test/simulation/fleet.test.ts`
  return `seed ${seed}:\n${violations.slice(0, 10).join('\n')}\nagain: ${again}`
}
