import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { decodeNodeFrame } from '../protocol/feed-decode.ts'
import { RecentBatches } from './recent.ts'
import { entryWords } from '../protocol/feed.ts'

const words = (count: number): Uint32Array =>
  new Uint32Array(count * entryWords).map((_, at) => (at % entryWords === 3 ? 0 : 1))

suite('RecentBatches', () => {
  test('knows how far every stream was at every mark that it keeps, and frames name what moved', () => {
    const move = fc.record({
      stream: fc.constantFrom('a', 'b', 'c'),
      by: fc.integer({ min: 1, max: 9 }),
    })
    const batch = fc.array(move, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 40 }), fc.nat(40), (batches, from) => {
        const recent = new RecentBatches(15, new Map([['a', 7]]))
        const positions: ReadonlyMap<string, number>[] = [new Map([['a', 7]])]
        for (const moves of batches) {
          const position = new Map(positions.at(-1))
          const moved = new Map<string, number>()
          for (const { stream, by } of moves) {
            position.set(stream, (position.get(stream) ?? 0) + by)
            moved.set(stream, position.get(stream)!)
          }
          recent.append(words(moves.length), moved, 0)
          positions.push(position)
        }
        assert.deepEqual(recent.position, positions.at(-1))
        for (const [mark, position] of positions.entries()) {
          if (!recent.reaches(mark)) continue
          const known = [...recent.positionAt(mark)!].filter(([, sequence]) => sequence > 0)
          assert.deepEqual(new Map(known), position)
        }
        if (from >= recent.head || !recent.reaches(from)) return
        // A guard that has the position of a mark and merges frames arrives at the newest.
        const guard = new Map(positions[from])
        const named = new Set<string>()
        for (let mark = from; mark < recent.head;) {
          const { frame, mark: next } = recent.frameAfter(mark)
          const decoded = decodeNodeFrame(frame)
          assert.ok(decoded.type === 'entries')
          for (const [stream, sequence] of decoded.position) {
            guard.set(stream, sequence)
            named.add(stream)
          }
          mark = next
        }
        assert.deepEqual(guard, positions.at(-1))
        const moved = batches.slice(from).flatMap((moves) => moves.map(({ stream }) => stream))
        assert.deepEqual(named, new Set(moved))
      }),
    )
  })
})
