import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Rounds, type RoundMember } from './rounds.ts'

/** Members that send whenever they may, and acknowledge when the test says so. */
function fleet(size: number): {
  readonly rounds: Rounds
  readonly members: readonly (RoundMember & { frames: number; acknowledge(): void })[]
  /** Lets the delay of the only timer pass. */
  readonly pass: () => number
} {
  let timer: { readonly delayMs: number; readonly callback: () => void } | undefined
  let head = 0
  const set = new Set<RoundMember>()
  const rounds = new Rounds({
    members: set,
    after: (delayMs, callback) => {
      assert.equal(timer, undefined, 'one timer at a time')
      timer = { delayMs, callback }
      return () => {
        timer = undefined
      }
    },
  })
  const members = Array.from({ length: size }, () => {
    let sent = 0
    let acknowledged = 0
    const member = {
      frames: 0,
      published(): void {
        if (sent !== acknowledged || sent === head || !rounds.hasTurn(member)) return
        sent = head
        member.frames++
        rounds.sent(member)
      },
      acknowledge(): void {
        acknowledged = sent
        rounds.acknowledged(member)
        member.published()
      },
    }
    set.add(member)
    return member
  })
  const published = rounds.published.bind(rounds)
  rounds.published = () => {
    head++
    published()
  }
  const pass = (): number => {
    const due = timer
    if (due === undefined) return 0
    timer = undefined
    due.callback()
    return due.delayMs
  }
  return { rounds, members, pass }
}

suite('Rounds', () => {
  test('a few guards get the next frame as soon as each has acknowledged', () => {
    const { rounds, members } = fleet(8)
    rounds.published()
    rounds.published()
    const [quick, slow] = members
    quick!.acknowledge()
    assert.equal(quick!.frames, 2)
    rounds.published()
    quick!.acknowledge()
    assert.equal(quick!.frames, 3)
    assert.equal(slow!.frames, 1)
  })

  test('of many guards, none gets a second frame before nearly all have acknowledged the first', () => {
    const { rounds, members } = fleet(200)
    rounds.published()
    rounds.published()
    for (const member of members.slice(0, 179)) {
      member.acknowledge()
      assert.equal(member.frames, 1)
    }
    members[179]!.acknowledge()
    assert.ok(members.slice(0, 180).every(({ frames }) => frames === 2))
    // Who was late has its turn as soon as it has caught up.
    assert.equal(members[199]!.frames, 1)
    members[199]!.acknowledge()
    assert.equal(members[199]!.frames, 2)
    members[199]!.acknowledge()
    assert.equal(members[199]!.frames, 2, 'and no other before the next round')
  })

  test('guards that do not acknowledge hold no other up for more than 50 ms', () => {
    const { rounds, members, pass } = fleet(200)
    rounds.published()
    rounds.published()
    for (const member of members.slice(0, 100)) member.acknowledge()
    assert.equal(members[0]!.frames, 1)
    assert.equal(pass(), 50)
    assert.equal(members[0]!.frames, 2)
    assert.equal(members[150]!.frames, 1, 'a guard that has not acknowledged gets nothing')
  })

  test('guards that are gone are not waited for', () => {
    const { rounds, members } = fleet(200)
    rounds.published()
    rounds.published()
    for (const member of members.slice(0, 100)) member.acknowledge()
    for (const member of members.slice(100)) rounds.left(member)
    assert.equal(members[0]!.frames, 2)
  })

  test('without news nothing is sent and no timer runs', () => {
    const { rounds, members, pass } = fleet(200)
    rounds.published()
    for (const member of members) member.acknowledge()
    assert.ok(members.every(({ frames }) => frames === 1))
    assert.equal(pass(), 0)
  })
})
