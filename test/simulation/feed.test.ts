/**
 * The real hub and the real guard in simulated worlds, against the invariants of the design: after
 * a confirmed logout no verifier accepts; a confirmation comes within a lease and its margins;
 * afterwards all recover and nothing else has ended.
 *
 * `OUTRIGHT_SIMULATION_SEEDS=20000` tries more worlds, `OUTRIGHT_SIMULATION_FROM=1000000` others,
 * `OUTRIGHT_SIMULATION_SEED=7` one again.
 */
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { FeedThread } from './feed-thread.ts'
import type { Outcome, Variant } from './simulate.ts'
import { brokenVariants, firstSeeds, lingeringVariants } from './variants.ts'

const one = process.env['OUTRIGHT_SIMULATION_SEED']
const seeds = Number(process.env['OUTRIGHT_SIMULATION_SEEDS'] ?? 750)
const firstSeed = Number(process.env['OUTRIGHT_SIMULATION_FROM'] ?? 1)
/** Worlds in which a broken rule must show. */
const seedsForVariants = 1500

const thread = new FeedThread()
after(() => thread[Symbol.dispose]())

function complain(seed: number, { violations }: Outcome): string {
  const again = `OUTRIGHT_SIMULATION_SEED=${seed} node --test test/simulation/feed.test.ts`
  return `seed ${seed}:\n${violations.slice(0, 10).join('\n')}\nagain: ${again}`
}

suite('simulated feeds', () => {
  test('keep the invariants in every world', async () => {
    const from = one === undefined ? firstSeed : Number(one)
    const until = one === undefined ? from + seeds - 1 : from
    const sums = { accepted: 0, refused: 0, stale: 0, confirmed: 0, lapsed: 0, snapshots: 0 }
    for (let seed = from; seed <= until; seed++) {
      const outcome = await thread.run(seed)
      assert.deepEqual(outcome.violations, [], complain(seed, outcome))
      for (const name of Object.keys(sums) as (keyof typeof sums)[]) {
        sums[name] += outcome.counts[name]
      }
    }
    if (one !== undefined) return
    // Worlds in which little happens would show little.
    assert.ok(sums.accepted > 20 * seeds, `${sums.accepted} accepted`)
    assert.ok(sums.refused > 20 * seeds, `${sums.refused} refused`)
    assert.ok(sums.stale > 5 * seeds, `${sums.stale} stale`)
    assert.ok(sums.confirmed > 10 * seeds, `${sums.confirmed} confirmed`)
    assert.ok(sums.lapsed > 2 * seeds, `${sums.lapsed} lapsed`)
  })

  test('happen again in the same way for the same seed', async () => {
    const [first, second] = [await thread.run(4711), await thread.run(4711)]
    assert.deepEqual(second.counts, first.counts)
  })
})

suite('simulated feeds find a protocol that is wrong', () => {
  findEach(brokenVariants, /accepted .* was confirmed$/)
  findEach(lingeringVariants, /kept .* open after .* was confirmed$/)
})

function findEach(variants: Readonly<Record<string, Variant>>, symptom: RegExp): void {
  // Who tries one world again wants to see that one.
  if (one !== undefined) return
  for (const name of Object.keys(variants)) {
    test(name, async () => {
      const from = firstSeeds[name] ?? 1
      for (let seed = from; seed < from + seedsForVariants; seed++) {
        const { violations } = await thread.run(seed, name)
        if (violations.some((violation) => symptom.test(violation))) return
      }
      assert.fail(`no world of ${seedsForVariants} shows it`)
    })
  }
}
