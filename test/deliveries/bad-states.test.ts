/**
 * Receivers of every kind in every bad state: each message arrives at last, no id of a message that
 * is good once comes twice, and a receiver that is well waits for none of them.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { badStates, serve, World } from './bad-receivers.ts'
import { kinds, viewer } from './every-receiver.ts'
import { startSendingNode } from './sending-node.ts'

suite('a receiver of any kind that', () => {
  for (const state of badStates) {
    test(`${state.name} is told when it is back, and no logout waits for it`, async (context) => {
      const world = new World(state)
      const { url, trust } = await serve(context, world, state.isUntrusted === true)
      const run = await startSendingNode(context, world, url)
      const ids = new Map<string, string>()
      for (const { name, receiver, facts } of kinds) ids.set(name, await run.owe(receiver, facts))
      const well = await run.owe('mvpd:well', viewer)
      run.send()
      // With a certificate that is not trusted no server there is ever well.
      if (state.isUntrusted !== true) {
        await until(async () => (await run.find(well)).state === 'delivered')
      }
      for (let tries = 0; tries < 10 && !(await run.allTried(ids.values())); tries++) {
        await run.clock.pass(4_000, 4_000)
      }
      for (const { name, mends400 = false } of kinds) {
        const { state: found, lastError } = await run.find(ids.get(name) ?? '')
        assert.match(lastError ?? '', state.said, name)
        const isGivenUp = state.isGivenUp === true && !mends400
        assert.equal(found === 'dead', isGivenUp, name)
      }
      await run.clock.pass(3_600_000, 600_000)
      assert.deepEqual(new Set(world.taken.filter((name) => name !== 'well')), new Set())
      world.isWell = true
      trust()
      // What was given up an operator has tried again.
      for (const id of ids.values()) {
        if ((await run.find(id)).state === 'dead') await run.retry(id)
      }
      for (let tries = 0; tries < 30 && !(await run.allDelivered(ids.values())); tries++) {
        await run.clock.pass(300_000, 300_000)
      }
      for (const { name, onceOnly } of kinds) {
        assert.equal((await run.find(ids.get(name) ?? '')).state, 'delivered', name)
        assert.ok(world.taken.includes(name), name)
        const once = (world.calls.get(name) ?? []).map((call) => onceOnly?.(call))
        const said = once.filter((id) => id !== undefined)
        assert.equal(new Set(said).size, said.length, `${name}: no id twice`)
        assert.equal(said.length, onceOnly === undefined ? 0 : once.length, name)
      }
      assert.equal(world.elsewhere, 0, 'redirects are not followed')
    })
  }
})

/** Waits while no simulated time passes. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    assert.ok(tries < 20_000, 'a receiver that is well waits for others')
    await sleep(5)
  }
}
