/**
 * Whole servers in simulated fleets, against the invariants of the design: real cores, hubs, leases
 * and guards over the real statements of a store. People try again at any server after any crash;
 * wall clocks are wrong, jump and are repaired; weeks pass; lives of tokens change; old backups are
 * restored. After an answer no verifier accepts what it said was over, whatever the clocks say; who
 * has a good token and a clock that is right is let in; nothing that lives is deleted. Receivers
 * that fail, hang, refuse and are away for an hour are told of every session that ended and of no
 * other: a provider in order and under one id, relying parties by logout tokens of which no two
 * have the same `jti`; and none of them keeps another waiting.
 *
 * `OUTRIGHT_SIMULATION_SEEDS=20000` tries more fleets, `OUTRIGHT_SIMULATION_FROM=1000000` others,
 * `OUTRIGHT_SIMULATION_SEED=7` one again.
 */
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import type { FleetOutcome } from './fleet/simulate.ts'
import { FleetThread } from './fleet/thread.ts'
import { brokenFleets } from './fleet/variants.ts'

const one = process.env['OUTRIGHT_SIMULATION_SEED']
const seeds = Number(process.env['OUTRIGHT_SIMULATION_SEEDS'] ?? 30)
const firstSeed = Number(process.env['OUTRIGHT_SIMULATION_FROM'] ?? 1)
/** Fleets in which what is wrong on purpose must show. */
const seedsForVariants = 150

suite('simulated fleets', () => {
  const thread = new FleetThread()
  after(() => thread[Symbol.dispose]())

  test('keep the invariants in every fleet', async () => {
    const from = one === undefined ? firstSeed : Number(one)
    const until = one === undefined ? from + seeds - 1 : from
    const sums = {
      issued: 0,
      promised: 0,
      accepted: 0,
      refused: 0,
      stale: 0,
      refreshed: 0,
      told: 0,
    }
    for (let seed = from; seed <= until; seed++) {
      const outcome = await thread.run(seed)
      assert.deepEqual(outcome.violations, [], complain(seed, outcome))
      for (const name of Object.keys(sums) as (keyof typeof sums)[]) {
        sums[name] += outcome.counts[name]
      }
    }
    if (one !== undefined) return
    // Fleets in which little happens would show little.
    assert.ok(sums.issued > 25 * seeds, `${sums.issued} issued`)
    assert.ok(sums.promised > 20 * seeds, `${sums.promised} promised`)
    assert.ok(sums.accepted > 50 * seeds, `${sums.accepted} accepted`)
    assert.ok(sums.refused > 100 * seeds, `${sums.refused} refused`)
    assert.ok(sums.refreshed > 5 * seeds, `${sums.refreshed} refreshed`)
    assert.ok(sums.told > 20 * seeds, `${sums.told} told`)
  })

  test('happen again in the same way for the same seed', async () => {
    const [first, second] = [await thread.run(4711), await thread.run(4711)]
    assert.deepEqual(second, first)
  })
})

suite('simulated fleets find a server that is wrong', () => {
  // Who tries one fleet again wants to see that one.
  if (one !== undefined) return
  const thread = new FleetThread()
  after(() => thread[Symbol.dispose]())

  for (const [name, { symptom, firstSeed: from = 1 }] of Object.entries(brokenFleets)) {
    test(name, async () => {
      for (let seed = from; seed < from + seedsForVariants; seed++) {
        const { violations } = await thread.run(seed, name)
        if (violations.some((violation) => symptom.test(violation))) return
      }
      assert.fail(`no fleet of ${seedsForVariants} shows it`)
    })
  }
})

function complain(seed: number, { violations }: FleetOutcome): string {
  const again = `OUTRIGHT_SIMULATION_SEED=${seed} node --test test/simulation/fleet.test.ts`
  return `seed ${seed}:\n${violations.slice(0, 10).join('\n')}\nagain: ${again}`
}
